import { box, movieBox } from '../../helpers/boxes.ts';

/** The start of an MP4 of `sizeBytes`: `ftyp`, `moov` and the header of one `mdat` with a 64-bit size. */
export function benchVideo(sizeBytes: number): { readonly opening: Buffer } {
  const front = Buffer.concat([
    box('ftyp', Buffer.from('isom\0\0\x02\0isommp41', 'latin1')),
    movieBox(60_000),
  ]);
  const head = Buffer.alloc(16);
  head.writeUInt32BE(1, 0);
  head.write('mdat', 4, 'latin1');
  head.writeBigUInt64BE(BigInt(sizeBytes - front.length), 8);
  return { opening: Buffer.concat([front, head]) };
}
