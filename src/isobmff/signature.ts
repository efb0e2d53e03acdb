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
  // A sync byte at the start of each packet, which may begin with a time code.
  if (/^(G.{187}G|.{4}G.{191}G)/s.test(text)) return 'mpeg-ts';
  if (QUICKTIME_ATOMS.has(text.slice(4, 8))) return 'quicktime';
  const visible = text.replace(/^\xef\xbb\xbf/, '').trimStart();
  if (/^[{[]/.test(visible)) return 'json';
  if (/^<(!doctype|html|head|body|\?xml|!--|title|script)/i.test(visible)) return 'html';
  return 'unknown';
}

/** Header, major brand, minor version. */
const SMALLEST_FTYP = 16;
/** Room for a thousand compatible brands; files in the wild have up to a dozen. */
const LARGEST_FTYP = 4096;

/**
 * Reads the `ftyp` box from the first bytes of a stream: its major brand, such as `isom`, if it is complete; `more` if
 * more bytes are needed to say; `implausible` if its size is impossible; `other` if it is something else.
 */
export function readFtyp(first: Uint8Array) {
  if (first.length < 8) return { kind: 'more' } as const;
  if (latin1(first.subarray(4, 8)) !== 'ftyp') return { kind: 'other' } as const;
  const sizeBytes = new DataView(first.buffer, first.byteOffset).getUint32(0);
  const isPlausible = sizeBytes >= SMALLEST_FTYP && sizeBytes <= LARGEST_FTYP && sizeBytes % 4 === 0;
  if (!isPlausible) return { kind: 'implausible', sizeBytes } as const;
  if (first.length < sizeBytes) return { kind: 'more' } as const;
  return { kind: 'ftyp', brand: latin1(first.subarray(8, 12)) } as const;
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
