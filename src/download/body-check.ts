/** Verifies that a body is a complete video: its boxes, samples, size and duration. Does no I/O of its own. */
import { BodyError, TruncatedError } from '../errors.ts';
import type { SampleEntry } from '../isobmff/codec.ts';
import { MovieReader, type Progress } from '../isobmff/movie.ts';
import type { Damage, MediaReader } from '../isobmff/nal.ts';
import type { Container } from '../isobmff/signature.ts';
import { durationText } from '../progress/text.ts';
import { type CheckRules, emptyBody } from './sniff.ts';

/** What is known of a video besides its bytes; null where unknown. */
export interface KnownFacts {
  /** The size of the file in bytes, by Content-Length or Content-Range. */
  readonly transferSize: number | null;
  /** Its size in bytes by the listing. */
  readonly listedSize: number | null;
  /** Its duration in seconds by the listing. */
  readonly listedDuration: number | null;
  /** Its size in bytes by the manifest that records its download, if any. */
  readonly recordedSize?: number | undefined;
}

/** How a body was verified. */
export interface Proof {
  /** What was checked, in words for the last line. */
  readonly verified: string;
  /** What is odd, but not an error. */
  readonly warnings: readonly string[];
}

/** Reads up to `maxBytes` of the body again, from a position; empty at its end. */
export type ReadAgain = (position: number, maxBytes: number) => Promise<Uint8Array>;

const READ_BYTES = 1024 * 1024;

/** Durations that differ by no more than this, in seconds or as a share, count as the same: encoders round. */
const SECONDS_APART = 2;
const SHARE_APART = 0.02;

/** Follows one body from its first byte to its last. */
export class BodyCheck {
  readonly #rules: CheckRules;
  readonly #container: Container | null;
  readonly #movie: MovieReader | null;
  #bytes = 0;

  constructor(rules: CheckRules, container: Container | null) {
    this.#rules = rules;
    this.#container = container;
    const hasBoxes = container === 'mp4' || container === 'quicktime';
    this.#movie = hasBoxes ? new MovieReader(rules.deep === true) : null;
  }

  /** Bytes pushed or skipped so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes the next bytes. Throws BodyError as soon as they can't be a movie, or its media is damaged. */
  push(chunk: Uint8Array): void {
    const { skippable } = this;
    // Most chunks are media, of which nothing is read. Infinity may also mean that the boxes are broken.
    if (chunk.length <= skippable && Number.isFinite(skippable)) return this.skip(chunk.length);
    this.#bytes += chunk.length;
    this.#movie?.push(chunk);
    if (this.#rules.level !== 'full' || this.#movie === null) return;
    const { malformed, media } = this.#movie;
    const { damage } = media;
    if (damage !== null && (malformed === null || damage.byte < malformed.start)) throw damaged(damage);
    if (malformed !== null) throw broken(malformed);
  }

  /** How many of the next bytes need not be read. */
  get skippable(): number {
    return this.#movie?.skippable ?? Number.POSITIVE_INFINITY;
  }

  /** Skips bytes that were not read, at most `skippable`. */
  skip(count: number): void {
    this.#bytes += count;
    this.#movie?.skip(count);
  }

  /**
   * How much has come; null if the boxes don't tell.
   * @param listedDuration of the video in seconds, by the listing; null if unknown
   */
  progress(listedDuration: number | null): Progress | null {
    return this.#movie?.progress(listedDuration) ?? null;
  }

  /**
   * Verifies the body, if it ends now. Throws TruncatedError or BodyError if that fails.
   * @param readAgain reads media again that came before its tables; null if that can't be done
   */
  async prove(facts: KnownFacts, readAgain: ReadAgain | null): Promise<Proof> {
    const { verified, warnings } = this.end(facts);
    if (this.#rules.deep !== true) return { verified, warnings };
    const media = mediaProof(this.#movie?.sampleEntries ?? []);
    warnings.push(...media.warnings);
    const late = this.#movie?.lateMedia() ?? null;
    if (late !== null && readAgain === null) {
      const text =
        "the media can't be checked in a pipe: its index comes last; download to a file for --deep";
      return { verified, warnings: [...warnings, text] };
    }
    if (late !== null && readAgain !== null) await this.#checkMedia(late, readAgain);
    return { verified: verified + media.verified, warnings };
  }

  /** As `prove`, without what it says of the media. */
  end(facts: KnownFacts): { verified: string; warnings: string[] } {
    const { level } = this.#rules;
    const warnings: string[] = [];
    let verified = level === 'none' ? 'nothing of the video itself' : 'file signature';
    let endProven = false;
    if (level === 'ftyp' && this.#container === 'mp4') verified = 'ftyp box';
    if (level === 'full' && this.#movie !== null) {
      const verdict = this.#movie.end();
      if (verdict.kind === 'malformed') throw broken(verdict);
      if (verdict.kind === 'cut') throw this.#cut(verdict.reason);
      if (verdict.junkBytes > 0) warnings.push(`${bytesText(verdict.junkBytes)} after the end of the video`);
      warnings.push(...verdict.notes, ...this.#compareDurations(this.#movie, facts));
      endProven = verdict.endProven;
      verified = this.#container === 'mp4' ? 'complete MP4' : 'complete QuickTime';
    }
    if (this.#bytes === 0) throw emptyBody();
    if (facts.transferSize !== null) verified += ', length matches Content-Length';
    const listed = facts.listedSize;
    if (listed === null) return { verified, warnings };
    if (listed === this.#bytes) return { verified: `${verified}, size matches the library`, warnings };
    const text = `${this.#bytes} bytes came, but the library lists ${listed}`;
    if (endProven || this.#bytes > listed) return { verified, warnings: [...warnings, text] };
    const hint =
      'if this happens again, the listed size may be wrong: mavi download without --lookup does not use it';
    throw new TruncatedError(`the video is truncated: ${text}`, this.#bytes, hint);
  }

  /** Compares the duration of a fragmented film with what was announced. Throws TruncatedError, or returns warnings. */
  #compareDurations(movie: MovieReader, facts: KnownFacts): string[] {
    const { fragmentSeconds: seconds, promisedSeconds } = movie;
    const isComplete =
      facts.transferSize !== null || [facts.listedSize, facts.recordedSize].includes(this.#bytes);
    const warnings: string[] = [];
    for (const [promised, who] of [
      [promisedSeconds, 'its header announces'],
      [facts.listedDuration, 'the library lists'],
    ] as const) {
      if (seconds === null || promised === null || promised <= 0) continue;
      const apart = Math.abs(promised - seconds);
      if (apart <= SECONDS_APART || apart <= SHARE_APART * promised) continue;
      const text = `the video lasts ${durationText(seconds * 1000)}, but ${who} ${durationText(promised * 1000)}`;
      if (promised > seconds && !isComplete) throw this.#cut(text);
      warnings.push(text);
    }
    return warnings;
  }

  async #checkMedia(media: MediaReader, readAgain: ReadAgain): Promise<void> {
    let offset = media.skippable(0);
    while (offset < this.#bytes) {
      const chunk = await readAgain(offset, READ_BYTES);
      if (chunk.length === 0) break;
      media.push(chunk, offset);
      offset += chunk.length;
      offset += media.skippable(offset);
    }
    if (media.damage !== null) throw damaged(media.damage);
  }

  #cut(reason: string): TruncatedError {
    return new TruncatedError(`the video is truncated after ${this.#bytes} bytes: ${reason}`, this.#bytes);
  }
}

/** What a check of the media says, where it found no damage. */
function mediaProof(entries: readonly SampleEntry[]): Proof {
  const checked = new Set(entries.filter(({ nal }) => nal !== null).map(({ format }) => format));
  const unchecked = entries.filter(({ nal }) => nal === null);
  const videos = unchecked.filter(({ isVideo }) => isVideo);
  const warnings = videos.map(({ format, encrypted }) =>
    encrypted
      ? `the ${format} video is encrypted: its media can't be checked`
      : `the media of ${format} video can't be checked`,
  );
  if (checked.size === 0) {
    const text = "--deep can't check the media of this video";
    return { verified: '', warnings: warnings.length === 0 ? [text] : warnings };
  }
  const others = unchecked.map(({ format }) => format).join(', ');
  const note = others === '' ? '' : `; not checked: ${others}`;
  return { verified: `, media intact (${[...checked].join(', ')}${note})`, warnings };
}

function bytesText(count: number): string {
  return count === 1 ? '1 stray byte' : `${count} stray bytes`;
}

/** What to do about a file that may be damaged at its source. */
const MAY_BE_DAMAGED = 'the original itself may be damaged; ';

function broken({ reason, start }: { readonly reason: string; readonly start: number }): BodyError {
  const text = `the structure of the video is broken: ${reason} at byte ${start}`;
  return new BodyError('malformed', text, { hint: `${MAY_BE_DAMAGED}--verify ftyp downloads it as it is` });
}

function damaged({ track, sample, seconds, byte }: Damage): BodyError {
  const where = `sample ${sample} of track ${track}, ${seconds.toFixed(2)} s into the video, at byte ${byte}`;
  const hint = `${MAY_BE_DAMAGED}without --deep it is downloaded as it is`;
  return new BodyError('damaged', `the media is damaged: ${where}`, { hint });
}
