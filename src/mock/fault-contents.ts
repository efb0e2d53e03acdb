import { sendContent } from './answer.ts';
import { aviFile, garbageFile, matroskaFile, quickTimeFile, transportStreamFile } from './containers.ts';
import { type Content, contentOfBytes } from './content.ts';
import type { FaultAction } from './fault-action.ts';
import type { Fault } from './fault-text.ts';
import { withOtherMedia } from './other-media.ts';

const JUNK = Buffer.of(0x00, 0x01, 0xfe, 0xff);
const DEFAULT_JUNK_BYTES = 5;

/** Faults that send other bytes than the video's, in an orderly way. */
export const CONTENT_FAULTS = {
  empty: instead(() => Buffer.alloc(0)),
  tiny: instead(() => Buffer.from('\0\0\0\x20f', 'latin1')),
  garbage: instead(garbageFile),
  matroska: instead(() => matroskaFile('matroska')),
  webm: instead(() => matroskaFile('webm')),
  avi: instead(aviFile),
  'mpeg-ts': instead(transportStreamFile),
  quicktime: instead(quickTimeFile),
  'other-bytes': (exchange, content, { offsetBytes = 0 }) =>
    sendContent(exchange, withOtherMedia(content, offsetBytes)),
  'junk-tail': (exchange, content, fault) => sendContent(exchange, withJunk(content, fault)),
} satisfies Record<string, FaultAction>;

function instead(file: () => Buffer): FaultAction {
  return (exchange) => sendContent(exchange, contentOfBytes('application/octet-stream', file()));
}

/** Read as a box, the junk has a type that cannot be printed. */
function withJunk(content: Content, { value }: Fault): Content {
  const junk = Buffer.alloc(Number(value ?? DEFAULT_JUNK_BYTES), JUNK);
  const { sizeBytes } = content;
  return {
    ...content,
    sizeBytes: sizeBytes + junk.length,
    async *read(fromByte, toByte) {
      if (fromByte < sizeBytes) yield* content.read(fromByte, Math.min(sizeBytes, toByte));
      if (toByte > sizeBytes) yield junk.subarray(Math.max(0, fromByte - sizeBytes), toByte - sizeBytes);
    },
  };
}
