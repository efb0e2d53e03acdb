import { box, movieBox } from './boxes.ts';
import { noise } from './noise.ts';

const MEDIA_BYTES = 100_000;
const TS_PACKET_BYTES = 188;

/** A Matroska file, or a WebM one, which differs in its document type. */
export function matroskaFile(docType: 'matroska' | 'webm'): Buffer {
  const header = element(
    [0x1a, 0x45, 0xdf, 0xa3],
    element([0x42, 0x86], Buffer.of(1)),
    element([0x42, 0xf7], Buffer.of(1)),
    element([0x42, 0xf2], Buffer.of(4)),
    element([0x42, 0xf3], Buffer.of(8)),
    element([0x42, 0x82], Buffer.from(docType)),
    element([0x42, 0x87], Buffer.of(4)),
    element([0x42, 0x85], Buffer.of(2)),
  );
  const nothing = element([0xec], noise(11, MEDIA_BYTES));
  return Buffer.concat([header, element([0x18, 0x53, 0x80, 0x67], nothing)]);
}

/** An AVI file. */
export function aviFile(): Buffer {
  return riff(
    'RIFF',
    'AVI ',
    riff('LIST', 'hdrl', Buffer.alloc(64)),
    riff('LIST', 'movi', noise(12, MEDIA_BYTES)),
  );
}

/** An MPEG transport stream. */
export function transportStreamFile(): Buffer {
  const packets = Array.from({ length: Math.ceil(MEDIA_BYTES / TS_PACKET_BYTES) }, (_, index) => {
    const packet = Buffer.from(noise(13 + index, TS_PACKET_BYTES));
    // Sync byte, a packet id, payload only with its running number.
    packet.set([0x47, 0x01, 0x00, 0x10 | (index & 0x0f)]);
    return packet;
  });
  return Buffer.concat(packets);
}

/** A QuickTime file of the old kind: no `ftyp`, and the `moov` last. */
export function quickTimeFile(): Buffer {
  return Buffer.concat([box('wide'), box('mdat', noise(14, MEDIA_BYTES)), movieBox(2000)]);
}

/** Bytes of no format at all. */
export function garbageFile(): Buffer {
  return Buffer.concat([Buffer.of(0xde, 0xad, 0xbe, 0xef), noise(15, MEDIA_BYTES)]);
}

function element(id: readonly number[], ...parts: readonly Uint8Array[]): Buffer {
  const payload = Buffer.concat(parts);
  // The leading bits of a size tell how many bytes it takes: one or, as here for all that is larger, eight.
  const size = Buffer.alloc(payload.length < 127 ? 1 : 8);
  size.writeUIntBE(payload.length, Math.max(0, size.length - 6), Math.min(6, size.length));
  size[0]! |= size.length === 1 ? 0x80 : 0x01;
  return Buffer.concat([Buffer.from(id), size, payload]);
}

function riff(id: 'RIFF' | 'LIST', type: string, ...parts: readonly Uint8Array[]): Buffer {
  const payload = Buffer.concat([Buffer.from(type), ...parts]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(payload.length);
  return Buffer.concat([Buffer.from(id), size, payload]);
}
