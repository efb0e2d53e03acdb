import type { Content } from './content.ts';

interface Span {
  readonly fromByte: number;
  readonly toByte: number;
}

const UNKNOWN_FORMAT_HEAD_BYTES = 1024;

/** A content of the same length and boxes whose media data differs in every byte from `fromOffset` on. */
export function withOtherMedia(content: Content, fromOffset: number): Content {
  return {
    ...content,
    async *read(fromByte, toByte) {
      const spans = await mediaSpans(content);
      let at = fromByte;
      for await (const piece of content.read(fromByte, toByte)) {
        const changed = Uint8Array.from(piece);
        for (const span of spans) {
          const start = Math.max(span.fromByte, fromOffset, at) - at;
          const end = Math.min(span.toByte - at, changed.length);
          for (let index = start; index < end; index += 1) changed[index]! ^= 0x55;
        }
        yield changed;
        at += piece.length;
      }
    },
  };
}

/** Where the payloads of the `mdat` boxes lie; for what is no chain of boxes, all but its head. */
async function mediaSpans(content: Content): Promise<Span[]> {
  const { sizeBytes } = content;
  const spans: Span[] = [];
  for (let at = 0; at + 8 <= sizeBytes; ) {
    const head = await firstBytes(content, at, Math.min(at + 16, sizeBytes));
    const short = head.readUInt32BE(0);
    const wide = short === 1 && head.length === 16;
    const boxBytes = wide ? Number(head.readBigUInt64BE(8)) : short === 0 ? sizeBytes - at : short;
    if (boxBytes < 8) break;
    const toByte = Math.min(sizeBytes, at + boxBytes);
    if (head.toString('latin1', 4, 8) === 'mdat') spans.push({ fromByte: at + (wide ? 16 : 8), toByte });
    at = toByte;
  }
  return spans.length > 0 ? spans : [{ fromByte: UNKNOWN_FORMAT_HEAD_BYTES, toByte: sizeBytes }];
}

async function firstBytes(content: Content, fromByte: number, toByte: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content.read(fromByte, toByte)) pieces.push(piece);
  return Buffer.concat(pieces);
}
