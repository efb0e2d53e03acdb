/** Bytes of other formats, and videos with other media data. */
import { buffer } from 'node:stream/consumers';
import type { Content } from './response.ts';

const MEDIA_BYTES = 100_000;
const TS_PACKET_BYTES = 188;

/** Bytes that look random; the same seed gives the same bytes. */
export function noise(seed: number, sizeBytes: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4));
  let state = seed | 0;
  for (let index = 0; index < words.length; index += 1) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    words[index] = mixed ^ (mixed >>> 14);
  }
  return new Uint8Array(words.buffer, 0, sizeBytes);
}

/** A file with this head, in hexadecimal and text, and noise that no reader gets to. */
function file(...head: readonly [hex: string, text: string][]): Buffer {
  const parts = head.flatMap(([hex, text]) => [Buffer.from(hex, 'hex'), Buffer.from(text)]);
  return Buffer.concat([...parts, noise(11, MEDIA_BYTES)]);
}

/** Files of other formats and of none, complete enough for a program that looks at the first bytes. */
export const OTHER_FORMATS = {
  matroska: () =>
    file(
      ['1a45dfa3a34286810142f7810142f2810442f38108428288', 'matroska'],
      ['42878104428581021853806701ffffffffffffffec', ''],
    ),
  webm: () =>
    file(
      ['1a45dfa39f4286810142f7810142f2810442f38108428284', 'webm'],
      ['42878104428581021853806701ffffffffffffffec', ''],
    ),
  avi: () =>
    file(
      ['', 'RIFF'],
      ['b0860100', 'AVI LIST'],
      ['0c000000', 'hdrl'],
      ['0000000000000000', 'LIST'],
      ['a4860100', 'movi'],
    ),
  // A packet starts with its sync byte, an id, and the flag of a payload.
  'mpeg-ts': () => Buffer.alloc(TS_PACKET_BYTES * 500, file(['47010010', '']).subarray(0, TS_PACKET_BYTES)),
  // The old layout: no ftyp, and the moov last.
  quicktime: () =>
    Buffer.concat([file(['00000008', 'wide'], ['000186a8', 'mdat']), Buffer.from('\0\0\0\x08moov')]),
  garbage: () => file(['deadbeef', '']),
};

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

/** The payloads of the `mdat` boxes; without any, everything but the head. */
async function mediaSpans(content: Content): Promise<Span[]> {
  const { sizeBytes } = content;
  const spans: Span[] = [];
  for (let at = 0; at + 8 <= sizeBytes; ) {
    const head = await buffer(content.read(at, Math.min(at + 16, sizeBytes)));
    const size = head.readUInt32BE(0);
    const wide = size === 1 && head.length === 16;
    let boxBytes = size === 0 ? sizeBytes - at : size;
    if (wide) boxBytes = Number(head.readBigUInt64BE(8));
    if (boxBytes < 8) break;
    const toByte = Math.min(sizeBytes, at + boxBytes);
    if (head.toString('latin1', 4, 8) === 'mdat') spans.push({ fromByte: at + (wide ? 16 : 8), toByte });
    at = toByte;
  }
  return spans.length > 0 ? spans : [{ fromByte: UNKNOWN_FORMAT_HEAD_BYTES, toByte: sizeBytes }];
}
