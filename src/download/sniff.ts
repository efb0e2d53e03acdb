/** What the first bytes of a body show: a video to take, or why it is refused. Pure. */
import { BodyError, type MaviError, TruncatedError } from '../errors.ts';
import { readFtyp } from '../isobmff/ftyp.ts';
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
  /** Whether the media itself is checked too; only with level `full`. */
  readonly deep?: boolean;
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
export function sniff(first: Uint8Array, ended: boolean, rules: CheckRules): Opening {
  const ftyp = readFtyp(first);
  if (ftyp.kind === 'ftyp') return { kind: 'accepted', container: 'mp4', brand: printable(ftyp.brand) };
  if (ftyp.kind === 'implausible' && rules.level !== 'none') {
    return refuse(
      'not_mp4',
      `its ftyp box has an impossible size (${ftyp.sizeBytes} bytes)`,
      'the original itself may be damaged; --verify none downloads it as it is',
    );
  }
  if (ftyp.kind === 'more') {
    if (!ended) return { kind: 'more' };
    // A body that ends inside an ftyp box, or before there could be one, is a cut one, where that matters.
    const isCut = rules.level !== 'none' || first.length === 0;
    if (isCut && signatureOf(first) !== 'json') return cutOpening(first);
  }
  if (!ended && first.length < SIGNATURE_BYTES) return { kind: 'more' };
  const signature = signatureOf(first);
  if (signature === 'json') return { kind: 'json' };
  if (signature === 'html') {
    return refuse(
      'not_video',
      'it is HTML, a web page',
      'check --base-url, and whether a proxy or a sign-in page intercepts the connection',
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
  if (isContainer(signature)) return refuse('not_mp4', why, 'to download it as it is, use --container any');
  const hint =
    signature === 'json'
      ? 'check --base-url, and whether a proxy answers instead of the API'
      : 'the original itself may not be a video; --verify none downloads it as it is';
  return refuse('not_video', why, hint);
}

function refuse(code: string, why: string, hint: string): Opening {
  return { kind: 'refused', error: new BodyError(code, `not an MP4: ${why}`, { hint }) };
}

function cutOpening(first: Uint8Array): Opening {
  if (first.length === 0) return { kind: 'refused', error: emptyBody() };
  const what = `the video is truncated after ${exactBytes(first.length)}, inside its first box`;
  const hint = `${AGAIN}: --verify none downloads it as it is`;
  return { kind: 'refused', error: new TruncatedError(what, first.length, hint) };
}

const AGAIN =
  'the server ended the response early; if this happens again, the original itself may be truncated';

function exactBytes(count: number): string {
  return count === 1 ? '1 byte' : `${count} bytes`;
}

/** The failure of a body without a byte. */
export function emptyBody(): TruncatedError {
  return new TruncatedError(
    'the video is empty',
    0,
    'if this happens again, the original itself may be empty: see mavi list',
  );
}
