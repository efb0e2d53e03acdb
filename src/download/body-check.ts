/** Whether a whole body is a whole video: its boxes and its sizes. Knows no I/O. */
import { BodyError, TruncatedError } from '../errors.ts';
import { MovieReader } from '../isobmff/movie.ts';
import type { Container } from '../isobmff/signature.ts';
import { emptyBody, type Level } from './sniff.ts';

/** What is known of a body's size, in bytes; null where nobody said. */
export interface KnownSizes {
  /** The whole file's, by Content-Length or Content-Range. */
  readonly transferSize: number | null;
  /** The file's, by the listing of the library. */
  readonly listedSize: number | null;
}

/** How a whole body was proved. */
export interface Proof {
  /** What was checked, in words for the last line. */
  readonly verified: string;
  /** What is odd, yet no failure. */
  readonly warnings: readonly string[];
}

/** Follows one body from its first byte to its last. */
export class BodyCheck {
  readonly #level: Level;
  readonly #container: Container | null;
  readonly #movie: MovieReader | null;
  #bytes = 0;

  constructor(level: Level, container: Container | null) {
    this.#level = level;
    this.#container = container;
    this.#movie = container === 'mp4' || container === 'quicktime' ? new MovieReader() : null;
  }

  /** Bytes pushed or skipped so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes the next bytes. Throws BodyError as soon as the boxes cannot be a movie's. */
  push(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    this.#movie?.push(chunk);
    if (this.#level === 'full' && this.#movie?.malformed) throw malformed(this.#movie.malformed);
  }

  /** How many of the next bytes need not be read, for a file that can be jumped in. */
  get skippable(): number {
    return this.#movie?.skippable ?? Number.POSITIVE_INFINITY;
  }

  /** Passes over bytes that nobody has read, at most `skippable`. */
  skip(count: number): void {
    this.#bytes += count;
    this.#movie?.skip(count);
  }

  /** The size of the whole by the box headers so far, in bytes, and whether more may follow; null if unknown. */
  get sizeByBoxes(): { readonly bytes: number; readonly mayGrow: boolean } | null {
    const bytes = this.#movie?.knownSize ?? null;
    return bytes === null ? null : { bytes, mayGrow: this.#movie?.mayGrow ?? true };
  }

  /** The proof, if the body ended here. Throws TruncatedError or BodyError where there is none. */
  end(sizes: KnownSizes): Proof {
    const warnings: string[] = [];
    let endProven = false;
    let verified = { full: 'the file signature', ftyp: 'the ftyp box', none: 'nothing of the video itself' }[
      this.#level
    ];
    if (this.#level === 'full' && this.#movie !== null) {
      const verdict = this.#movie.end();
      if (verdict.kind === 'malformed') throw malformed(verdict.reason);
      if (verdict.kind === 'cut') {
        throw new TruncatedError(
          `the video is cut after ${this.#bytes} bytes: ${verdict.reason}`,
          this.#bytes,
        );
      }
      if (verdict.junkBytes > 0) warnings.push(`${verdict.junkBytes} bytes after the last box are no box`);
      endProven = verdict.endProven;
      verified = 'every box whole';
    } else if (this.#level === 'ftyp' && this.#container !== 'mp4') verified = 'the file signature';
    if (this.#bytes === 0) throw emptyBody();
    if (sizes.transferSize !== null) verified += ', length as announced';
    const listed = sizes.listedSize;
    if (listed === this.#bytes) verified += ', size as listed';
    else if (listed !== null && !endProven && this.#bytes < listed) {
      throw new TruncatedError(
        `the video is cut: ${this.#bytes} bytes came, and the library lists ${listed}`,
        this.#bytes,
        'if it comes so again, the listed size may be wrong: mavi download without --lookup does not ask for it',
      );
    } else if (listed !== null) {
      warnings.push(`${this.#bytes} bytes came, but the library lists ${listed}`);
    }
    return { verified, warnings };
  }
}

function malformed(reason: string): BodyError {
  return new BodyError('malformed', `the video's boxes are broken: ${reason}`, {
    hint: 'the original itself may be damaged; --verify ftyp takes it as it is',
  });
}
