import { readFileSync } from 'node:fs';

/** What is at the target path after a run. */
export interface Remains {
  readonly words: string;
  readonly kind: 'nothing' | 'complete' | 'old' | 'wrong';
}

const MATROSKA = Buffer.of(0x1a, 0x45, 0xdf, 0xa3);
const GZIP = Buffer.of(0x1f, 0x8b);

/** Compares the file at the target path with the video expected there and with the file that was there before. */
export function remainsOf(path: string, video: Buffer, old: Buffer | null): Remains {
  let file: Buffer;
  try {
    file = readFileSync(path);
  } catch {
    return { words: 'nothing', kind: 'nothing' };
  }
  if (file.equals(video)) return { words: 'complete', kind: 'complete' };
  if (old !== null && file.equals(old)) return { words: 'the old file', kind: 'old' };
  return { words: wrongFile(file, video), kind: 'wrong' };
}

function wrongFile(file: Buffer, video: Buffer): string {
  if (file.length === 0) return 'empty file';
  if (file[0] === 0x7b) return 'JSON';
  if (file[0] === 0x3c) return 'HTML';
  if (file.subarray(0, MATROSKA.length).equals(MATROSKA)) return 'Matroska named .mp4';
  if (file.subarray(0, GZIP.length).equals(GZIP)) return 'gzip';
  if (video.subarray(0, file.length).equals(file)) {
    return `${Math.round((file.length / video.length) * 1000) / 10} % of it`;
  }
  if (file.length === video.length) return `right size, ${differing(file, video)} wrong bytes`;
  return `${file.length} other bytes`;
}

function differing(file: Buffer, video: Buffer): number {
  let count = 0;
  for (let at = 0; at < file.length; at += 1) if (file[at] !== video[at]) count += 1;
  return count;
}
