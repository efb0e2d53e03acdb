/** Decides by its first bytes whether a body is accepted as a video. Pure. */
import { CHECK_BASE_URL } from '../api/network-errors.ts';
import { BodyError, type MaviError, TruncatedError } from '../errors.ts';
import {
  type Container,
  isContainer,
  readFtyp,
  SIGNATURE_BYTES,
  SIGNATURE_NAMES,
  type Signature,
  signatureOf,
} from '../isobmff/signature.ts';
import { printable } from '../sanitize.ts';

/** How much is verified before a file gets its final name. */
export type Level = 'full' | 'ftyp' | 'none';

/** What the user asks of a video. */
export interface CheckRules {
  readonly level: Level;
  /** Which containers are accepted. */
  readonly container: 'mp4' | 'any';
  /** Whether the media itself is checked too; only with level `full`. */
  readonly deep?: boolean;
}

/** What the first bytes of a body show. */
export type Opening =
  | { readonly kind: 'more' }
  /** A video; `container` is null where level `none` accepts unknown bytes. */
  | { readonly kind: 'accepted'; readonly container: Container | null; readonly brand: string | null }
  /** JSON where a video should be: perhaps an error of the API under a wrong Content-Type. */
  | { readonly kind: 'json' }
  | { readonly kind: 'refused'; readonly error: MaviError };

/** Judges the first bytes of a body: all that have come so far. `ended` says that no more will come. */
export function sniff(first: Uint8Array, ended: boolean, rules: CheckRules): Opening {
  const ftyp = readFtyp(first);
  if (ftyp.kind === 'ftyp') return { kind: 'accepted', container: 'mp4', brand: printable(ftyp.brand) };
  if (ftyp.kind === 'implausible' && rules.level !== 'none') {
    const why = `its ftyp box has an impossible size (${ftyp.sizeBytes} bytes)`;
    const hint = 'the original itself may be damaged; --verify none downloads it as it is';
    return { kind: 'refused', error: notMp4('not_mp4', why, hint) };
  }
  if (ftyp.kind === 'more') {
    if (!ended) return { kind: 'more' };
    // A body that ends in its ftyp box, or before there could be one, is truncated.
    const isCut = rules.level !== 'none' || first.length === 0;
    if (isCut && signatureOf(first) !== 'json') return { kind: 'refused', error: truncated(first) };
  }
  if (!ended && first.length < SIGNATURE_BYTES) return { kind: 'more' };
  const signature = signatureOf(first);
  if (signature === 'json') return { kind: 'json' };
  if (signature === 'html') {
    const hint = 'check --base-url, and whether a proxy or a sign-in page intercepts the connection';
    return { kind: 'refused', error: notMp4('not_video', 'it is HTML, a web page', hint) };
  }
  if (isContainer(signature) && (rules.container === 'any' || rules.level === 'none')) {
    return { kind: 'accepted', container: signature, brand: null };
  }
  if (rules.level === 'none') return { kind: 'accepted', container: null, brand: null };
  return { kind: 'refused', error: wrongFormat(signature) };
}

/** The error for a body of this format. */
export function wrongFormat(signature: Signature): BodyError {
  const why = `it is ${SIGNATURE_NAMES[signature]}, by its first bytes`;
  if (isContainer(signature)) return notMp4('not_mp4', why, 'to download it as it is, use --container any');
  const hint =
    signature === 'json'
      ? CHECK_BASE_URL
      : 'the original itself may not be a video; --verify none downloads it as it is';
  return notMp4('not_video', why, hint);
}

function notMp4(code: string, why: string, hint: string): BodyError {
  return new BodyError(code, `not an MP4: ${why}`, { hint });
}

function truncated({ length }: Uint8Array): TruncatedError {
  if (length === 0) return emptyBody();
  const came = length === 1 ? '1 byte' : `${length} bytes`;
  return new TruncatedError(
    `the video is truncated after ${came}, inside its first box`,
    length,
    'the server ended the response early; if this happens again, the original itself may be truncated: --verify none downloads it as it is',
  );
}

/** The error for a body without a byte. */
export function emptyBody(): TruncatedError {
  const hint = 'if this happens again, the original itself may be empty: see mavi list';
  return new TruncatedError('the video is empty', 0, hint);
}
