/** Whether what comes is a whole video: the first bytes, then the boxes, then the sizes. Knows no I/O. */
import { BodyError, type MaviError, TruncatedError } from '../errors.ts';
import { readFtyp } from '../isobmff/ftyp.ts';
import { MovieReader } from '../isobmff/movie.ts';
import {
  type Container,
  isContainer,
  SIGNATURE_BYTES,
  SIGNATURE_NAMES,
  type Signature,
  signatureOf,
} from '../isobmff/signature.ts';
import { printable } from '../sanitize.ts';

/** How much must hold before a file gets its name. */
export type Level = 'full' | 'ftyp' | 'none';

/** What the user asks of a video. */
export interface CheckRules {
  readonly level: Level;
  /** Whether other containers than mp4 are taken. */
  readonly container: 'mp4' | 'any';
}

/** What the first bytes of a body show. */
export type Opening =
  | { readonly kind: 'more' }
  /** A video to take; `container` is null where level `none` takes what nothing names. */
  | { readonly kind: 'accepted'; readonly container: Container | null; readonly brand: string | null }
  /** JSON where a video should be: perhaps an error of the API under a wrong Content-Type. */
  | { readonly kind: 'json' }
  | { readonly kind: 'refused'; readonly error: MaviError };

/** Judges the first bytes of a body, all that have come so far; `ended` if there will be no more. */
export function judgeOpening(first: Uint8Array, ended: boolean, rules: CheckRules): Opening {
  const ftyp = readFtyp(first);
  if (ftyp.kind === 'ftyp') return { kind: 'accepted', container: 'mp4', brand: printable(ftyp.brand) };
  if (ftyp.kind === 'implausible' && rules.level !== 'none') {
    return refuse(
      'not_mp4',
      `it begins with an ftyp box of an impossible size (${ftyp.sizeBytes} bytes)`,
      'the original itself may be damaged; --verify none takes it as it is',
    );
  }
  if (ftyp.kind === 'more') {
    if (!ended) return { kind: 'more' };
    // A body that ends inside an ftyp box, or before there could be one, is a cut one, where that matters.
    if (rules.level !== 'none' || first.length === 0) return cutOpening(first);
  }
  if (!ended && first.length < SIGNATURE_BYTES) return { kind: 'more' };
  const signature = signatureOf(first);
  if (signature === 'json') return { kind: 'json' };
  if (signature === 'html') {
    return refuse(
      'not_video',
      'it is HTML, a web page',
      'a proxy or a sign-in page may stand between; check --base-url',
    );
  }
  if (isContainer(signature) && (rules.container === 'any' || rules.level === 'none')) {
    return { kind: 'accepted', container: signature, brand: null };
  }
  if (rules.level === 'none') return { kind: 'accepted', container: null, brand: null };
  return refuseSignature(signature);
}

/** The refusal of a body by what it is. */
export function refuseSignature(signature: Signature): Opening {
  const why = `it is ${SIGNATURE_NAMES[signature]}, by its first bytes`;
  if (isContainer(signature)) return refuse('not_mp4', why, 'take it as it is with --container any');
  const hint =
    signature === 'json'
      ? 'check --base-url, and whether a proxy stands between'
      : 'the original itself may be no video; --verify none takes it as it is';
  return refuse('not_video', why, hint);
}

function refuse(code: string, why: string, hint: string): Opening {
  return { kind: 'refused', error: new BodyError(code, `not an MP4: ${why}`, { hint }) };
}

function cutOpening(first: Uint8Array): Opening {
  if (first.length === 0) return { kind: 'refused', error: empty() };
  const what = `the video is cut after ${exactBytes(first.length)}, inside its first box`;
  const hint = `${AGAIN}: --verify none takes it as it is`;
  return { kind: 'refused', error: new TruncatedError(what, first.length, hint) };
}

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
    if (this.#bytes === 0) throw empty();
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

const AGAIN = 'the server ended the answer early; if it does so again, the original itself may be cut';

function exactBytes(count: number): string {
  return count === 1 ? '1 byte' : `${count} bytes`;
}

function empty(): TruncatedError {
  return new TruncatedError(
    'the video is empty',
    0,
    'if it stays so, the original itself may be empty: see mavi list',
  );
}

function malformed(reason: string): BodyError {
  return new BodyError('malformed', `the video's boxes are broken: ${reason}`, {
    hint: 'the original itself may be damaged; --verify ftyp takes it as it is',
  });
}
