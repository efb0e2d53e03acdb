/** What the top-level boxes of a stream say of the movie in it: is it whole, is it fragmented, how long is it. */
import { type Box, BoxReader } from './boxes.ts';

/** What can be said of a movie when its stream has ended. */
export type MovieVerdict =
  /** A `moov`, an `mdat`, and no box that reaches past the end. */
  | {
      readonly kind: 'whole';
      /** Whether the boxes prove the end too; a fragmented file, or a last box of size 0, can't. */
      readonly endProven: boolean;
      /** Bytes after the last box that are no box, as some cameras write them. */
      readonly junkBytes: number;
    }
  /** The stream ended too early: `reason` says what is missing. */
  | { readonly kind: 'cut'; readonly reason: string }
  /** The boxes cannot be a movie's, however much were still to come. */
  | { readonly kind: 'malformed'; readonly reason: string };

/** Reads a stream of top-level boxes as one movie. */
export class MovieReader {
  readonly #reader = new BoxReader((box) => this.#onBox(box));
  #moov: Box | null = null;
  #inMoov: BoxReader | null = null;
  #hasMdat = false;
  #fragmented = false;
  #last: Box | null = null;

  /** Bytes pushed or skipped so far. */
  get offset(): number {
    return this.#reader.offset;
  }

  /** Takes the next bytes of the stream. */
  push(chunk: Uint8Array): void {
    const start = this.#reader.offset;
    this.#reader.push(chunk);
    if (this.#moov !== null) this.#lookIntoMoov(this.#moov, chunk, start);
  }

  /** How many of the next bytes are media data that says nothing, so that a file's reader may jump them. */
  get skippable(): number {
    return this.#last?.type === 'mdat' ? this.#reader.payloadLeft : 0;
  }

  /** Passes over media data that nobody has read, at most `skippable` bytes. */
  skip(count: number): void {
    this.#reader.skip(count);
  }

  /** What makes it no movie whatever follows; null so far. */
  get malformed(): string | null {
    const state = this.#reader.state;
    return state.kind === 'malformed' ? `${state.reason} at byte ${state.start}` : null;
  }

  /**
   * The least size of the whole file in bytes, by the headers that have come, once an `mdat` has told how much
   * media there is; null before that, for a fragmented file, whose `mdat`s tell of themselves alone, and for a
   * box that reaches to the end.
   */
  get knownSize(): number | null {
    const size = this.#reader.knownEnd;
    return this.#hasMdat && !this.#fragmented && Number.isFinite(size) ? size : null;
  }

  /** Whether what follows the media data is still unknown, so that the file may be longer than `knownSize`. */
  get mayGrow(): boolean {
    return this.#moov === null;
  }

  /** The verdict, if the stream ended here. */
  end(): MovieVerdict {
    const state = this.#reader.state;
    if (state.kind === 'malformed')
      return { kind: 'malformed', reason: `${state.reason} at byte ${state.start}` };
    if (state.kind === 'boxes' && state.missing > 0) {
      const box = this.#reader.payloadLeft > 0 ? `box '${this.#last?.type}'` : 'the header of the last box';
      return { kind: 'cut', reason: `${box} lacks ${state.missing} bytes` };
    }
    const lacking = this.#moov === null ? 'moov' : this.#hasMdat ? null : 'mdat';
    if (lacking !== null) return { kind: 'cut', reason: `no '${lacking}' box came` };
    if (this.#last?.type === 'moof') return { kind: 'cut', reason: "the last fragment lacks its 'mdat'" };
    return {
      kind: 'whole',
      endProven: !this.#fragmented && state.kind !== 'to-the-end',
      junkBytes: state.kind === 'junk' ? this.#reader.offset - state.start : 0,
    };
  }

  #onBox(box: Box): void {
    this.#last = box;
    if (box.type === 'mdat') this.#hasMdat = true;
    if (box.type === 'moof') this.#fragmented = true;
    if (box.type === 'moov' && this.#moov === null) {
      this.#moov = box;
      this.#inMoov = new BoxReader((child) => {
        if (child.type === 'mvex') this.#fragmented = true;
      });
    }
  }

  /** A `moov` with an `mvex` announces fragments before the first has come. */
  #lookIntoMoov(moov: Box, chunk: Uint8Array, chunkStart: number): void {
    if (this.#inMoov === null || chunkStart >= moov.end) return;
    const from = Math.max(0, moov.start + moov.headerSize - chunkStart);
    const to = Math.min(chunk.length, moov.end - chunkStart);
    if (from < to) this.#inMoov.push(chunk.subarray(from, to));
  }
}
