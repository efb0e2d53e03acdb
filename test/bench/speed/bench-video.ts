import { box, movieBox } from '../../helpers/boxes.ts';

/** What a `video_no` of the bench asks for. */
export interface BenchQuestion {
  /** Of the whole file. */
  readonly sizeBytes: number;
  /** Null for as fast as the client reads. */
  readonly bytesPerSecond: number | null;
}

/** The `video_no` that asks for so many bytes, at so many a second. */
export function videoNoFor(sizeBytes: number, bytesPerSecond: number | null = null): string {
  return `bytes-${sizeBytes}${bytesPerSecond === null ? '' : `-pace-${bytesPerSecond}`}`;
}

/** What a `video_no` asks for. */
export function readVideoNo(videoNo: string): BenchQuestion {
  const { size, pace } = /^bytes-(?<size>\d+)(?:-pace-(?<pace>\d+))?$/.exec(videoNo)?.groups ?? {};
  return { sizeBytes: Number(size ?? 0), bytesPerSecond: pace === undefined ? null : Number(pace) };
}

/** The front of an mp4 of `sizeBytes` in all: `ftyp`, `moov`, and the head of one `mdat` with a 64-bit size. */
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
