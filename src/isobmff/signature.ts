/** Names what a stream holds by its first bytes. */
import { readFtyp } from './ftyp.ts';

/** What the first bytes show; the video containers among them have an extension of their own. */
export type Signature =
  | 'mp4'
  | 'quicktime'
  | 'matroska'
  | 'webm'
  | 'avi'
  | 'mpeg-ts'
  | 'json'
  | 'html'
  | 'unknown';

/** A container that holds video. */
export type Container = 'mp4' | 'quicktime' | 'matroska' | 'webm' | 'avi' | 'mpeg-ts';

/** How each signature is named to a person. */
export const SIGNATURE_NAMES: Readonly<Record<Signature, string>> = {
  mp4: 'MP4',
  quicktime: 'QuickTime without ftyp',
  matroska: 'Matroska',
  webm: 'WebM',
  avi: 'AVI',
  'mpeg-ts': 'MPEG-TS',
  json: 'JSON',
  html: 'HTML',
  unknown: 'no known video format',
};

/** The extension of each container. */
export const EXTENSIONS: Readonly<Record<Container, string>> = {
  mp4: '.mp4',
  quicktime: '.mov',
  matroska: '.mkv',
  webm: '.webm',
  avi: '.avi',
  'mpeg-ts': '.ts',
};

/** How many bytes suffice to name any of them: two MPEG-TS packets with time codes. */
export const SIGNATURE_BYTES = 512;

/** Atoms that open a QuickTime file of the time before `ftyp`. */
const QUICKTIME_ATOMS = new Set(['moov', 'mdat', 'wide', 'free', 'skip', 'pnot']);

/** Whether a signature is a video container's. */
export function isContainer(signature: Signature): signature is Container {
  return signature in EXTENSIONS;
}

/** Names a stream by its first bytes: up to SIGNATURE_BYTES of them, fewer only if the stream is shorter. */
export function signatureOf(first: Uint8Array): Signature {
  const text = String.fromCharCode(...first.subarray(0, SIGNATURE_BYTES));
  if (readFtyp(first).kind === 'ftyp') return 'mp4';
  if (text.startsWith('\x1a\x45\xdf\xa3')) return text.includes('webm') ? 'webm' : 'matroska';
  if (text.startsWith('RIFF') && text.startsWith('AVI ', 8)) return 'avi';
  if (hasSyncBytes(text, 0, 188) || hasSyncBytes(text, 4, 192)) return 'mpeg-ts';
  if (QUICKTIME_ATOMS.has(text.slice(4, 8))) return 'quicktime';
  const visible = text.replace(/^(\xef\xbb\xbf)?\s*/, '');
  if (/^[{[]/.test(visible)) return 'json';
  if (/^<(!doctype|html|head|body|\?xml|!--|title|script)/i.test(visible)) return 'html';
  return 'unknown';
}

/** MPEG-TS: a sync byte at the start of each packet. */
function hasSyncBytes(text: string, first: number, packet: number): boolean {
  return text.length > first + packet && text[first] === 'G' && text[first + packet] === 'G';
}
