/** What a stream holds, by its first bytes; and the `ftyp` box of an MP4 (ISO/IEC 14496-12, 4.3). */

/** The containers that hold video, with their extensions. */
export const EXTENSIONS = {
  mp4: '.mp4',
  quicktime: '.mov',
  matroska: '.mkv',
  webm: '.webm',
  avi: '.avi',
  'mpeg-ts': '.ts',
} as const;

/** A container that holds video. */
export type Container = keyof typeof EXTENSIONS;

/** What the first bytes can show, and what messages call it. */
export const SIGNATURE_NAMES = {
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

/** What the first bytes show. */
export type Signature = keyof typeof SIGNATURE_NAMES;

/** How many bytes suffice to recognize any of them: two MPEG-TS packets with time codes. */
export const SIGNATURE_BYTES = 512;

/** Atoms that begin an old QuickTime file without `ftyp`. */
const QUICKTIME_ATOMS = new Set(['moov', 'mdat', 'wide', 'free', 'skip', 'pnot']);

/** Whether a signature is a video container's. */
export function isContainer(signature: Signature): signature is Container {
  return signature in EXTENSIONS;
}

/** Recognizes a stream by its first bytes: SIGNATURE_BYTES of them, fewer only if the stream is shorter. */
export function signatureOf(first: Uint8Array): Signature {
  const text = latin1(first.subarray(0, SIGNATURE_BYTES));
  if (readFtyp(first).kind === 'ftyp') return 'mp4';
  if (text.startsWith('\x1a\x45\xdf\xa3')) return text.includes('webm') ? 'webm' : 'matroska';
  if (text.startsWith('RIFF') && text.startsWith('AVI ', 8)) return 'avi';
  if (hasSyncBytes(text, 0, 188) || hasSyncBytes(text, 4, 192)) return 'mpeg-ts';
  if (QUICKTIME_ATOMS.has(text.slice(4, 8))) return 'quicktime';
  const visible = text.replace(/^\xef\xbb\xbf/, '').trimStart();
  if (/^[{[]/.test(visible)) return 'json';
  if (/^<(!doctype|html|head|body|\?xml|!--|title|script)/i.test(visible)) return 'html';
  return 'unknown';
}

/** MPEG-TS: a sync byte at the start of each packet. */
function hasSyncBytes(text: string, first: number, packet: number): boolean {
  return text[first] === 'G' && text[first + packet] === 'G';
}

/** What the first bytes say of an `ftyp` box. */
type Ftyp =
  /** Too few bytes to say, or something else. */
  | Readonly<{ kind: 'more' | 'other' }>
  /** The complete box, with its major brand: four characters such as `isom`. */
  | Readonly<{ kind: 'ftyp'; brand: string }>
  /** An `ftyp` of an impossible size. */
  | Readonly<{ kind: 'implausible'; sizeBytes: number }>;

/** Header, major brand, minor version. */
const SMALLEST_FTYP = 16;
/** Room for a thousand compatible brands; files in the wild have up to a dozen. */
const LARGEST_FTYP = 4096;

/** Reads the `ftyp` box from the first bytes of a stream. */
export function readFtyp(first: Uint8Array): Ftyp {
  if (first.length < 8) return { kind: 'more' };
  if (latin1(first.subarray(4, 8)) !== 'ftyp') return { kind: 'other' };
  const sizeBytes = new DataView(first.buffer, first.byteOffset).getUint32(0);
  if (sizeBytes < SMALLEST_FTYP || sizeBytes > LARGEST_FTYP || sizeBytes % 4 !== 0) {
    return { kind: 'implausible', sizeBytes };
  }
  if (first.length < sizeBytes) return { kind: 'more' };
  return { kind: 'ftyp', brand: latin1(first.subarray(8, 12)) };
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
