/** The leading `ftyp` box: what makes a stream an ISO-BMFF file (ISO/IEC 14496-12, 4.3). */

/** What the first bytes say of an `ftyp` box. */
export type Ftyp =
  /** Too few bytes to say. */
  | { readonly kind: 'more' }
  /** The whole box: its size in bytes and its major brand, four characters such as `isom`. */
  | { readonly kind: 'ftyp'; readonly sizeBytes: number; readonly brand: string }
  /** An `ftyp` whose size cannot be. */
  | { readonly kind: 'implausible'; readonly sizeBytes: number }
  /** Something else. */
  | { readonly kind: 'other' };

/** Header, major brand, minor version. */
const SMALLEST = 16;
/** Room for a thousand compatible brands; files in the wild have up to a dozen. */
const LARGEST = 4096;

/** Reads the leading `ftyp` box out of the first bytes of a stream. */
export function readFtyp(first: Uint8Array): Ftyp {
  if (first.length < 8) return { kind: 'more' };
  if (latin1(first.subarray(4, 8)) !== 'ftyp') return { kind: 'other' };
  const sizeBytes = new DataView(first.buffer, first.byteOffset).getUint32(0);
  if (sizeBytes < SMALLEST || sizeBytes > LARGEST || sizeBytes % 4 !== 0)
    return { kind: 'implausible', sizeBytes };
  if (first.length < sizeBytes) return { kind: 'more' };
  return { kind: 'ftyp', sizeBytes, brand: latin1(first.subarray(8, 12)) };
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
