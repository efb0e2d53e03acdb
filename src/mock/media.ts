/** Bytes of other formats, and videos with other media data. */
import { createCipheriv } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { Content } from './response.ts';

const MEDIA_BYTES = 100_000;
const TS_PACKET_BYTES = 188;

/** Bytes that look random; the same seed gives the same bytes. */
export function noise(seed: number, sizeBytes: number): Uint8Array {
  const key = Buffer.alloc(16);
  key.writeInt32LE(seed | 0);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));
}

/** A file with this head in Latin-1, and noise that no reader gets to. */
function file(head: string): Buffer {
  return Buffer.concat([Buffer.from(head, 'latin1'), noise(11, MEDIA_BYTES)]);
}

/** An EBML file of a document type, with the sizes of its header and of the type, each a variable-length integer. */
function ebml(headerSize: string, typeSize: string, type: string): Buffer {
  const versions = 'B\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08';
  const segment = 'B\x87\x81\x04B\x85\x81\x02\x18S\x80g\x01\xff\xff\xff\xff\xff\xff\xec';
  return file(`\x1aE\xdf\xa3${headerSize}${versions}B\x82${typeSize}${type}${segment}`);
}

/** Files of other formats and of none, complete enough for a program that looks at the first bytes. */
export const OTHER_FORMATS = {
  matroska: () => ebml('\xa3', '\x88', 'matroska'),
  webm: () => ebml('\x9f', '\x84', 'webm'),
  avi: () => file(`RIFF\xb0\x86\x01\0AVI LIST\x0c\0\0\0hdrl${'\0'.repeat(8)}LIST\xa4\x86\x01\0movi`),
  // A packet starts with its sync byte, an id, and the flag of a payload.
  'mpeg-ts': () => Buffer.alloc(TS_PACKET_BYTES * 500, file('G\x01\0\x10').subarray(0, TS_PACKET_BYTES)),
  // The old layout: no ftyp, and the moov last.
  quicktime: () => Buffer.concat([file('\0\0\0\x08wide\0\x01\x86\xa8mdat'), Buffer.from('\0\0\0\x08moov')]),
  garbage: () => file('\xde\xad\xbe\xef'),
};

/** A content of the same length and boxes whose media data differs in every byte from `fromOffset` on. */
export function withOtherMedia(content: Content, fromOffset: number): Content {
  return {
    ...content,
    async *read(fromByte, toByte) {
      const spans = await mediaSpans(content);
      const isOther = (offset: number) =>
        offset >= fromOffset && spans.some(([from, to]) => offset >= from && offset < to);
      let at = fromByte;
      for await (const piece of content.read(fromByte, toByte)) {
        const start = at;
        yield piece.map((byte, index) => (isOther(start + index) ? byte ^ 0x55 : byte));
        at += piece.length;
      }
    },
  };
}

/** The head of a file without `mdat` boxes, which stays as it is. */
const HEAD_BYTES = 1024;

/** The payloads of the `mdat` boxes; without any, everything but the head. */
async function mediaSpans({ sizeBytes, read }: Content): Promise<[fromByte: number, toByte: number][]> {
  const spans: [number, number][] = [];
  for (let at = 0; at + 8 <= sizeBytes; ) {
    const head = await buffer(read(at, at + 8));
    // A size of 0 means up to the end of the file.
    const boxBytes = head.readUInt32BE(0) || sizeBytes - at;
    if (boxBytes < 8) break;
    if (head.toString('latin1', 4) === 'mdat') spans.push([at + 8, Math.min(sizeBytes, at + boxBytes)]);
    at += boxBytes;
  }
  return spans.length > 0 ? spans : [[HEAD_BYTES, sizeBytes]];
}
