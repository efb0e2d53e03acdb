import { readFileSync } from 'node:fs';

const SAMPLES_FOLDER = new URL('../../src/mock/samples/', import.meta.url);

/** The `video_no`s of the samples; the vendor's documentation uses the first. */
export const SAMPLE_VIDEO_NOS = {
  faststart: 'VI625239098370850816',
  moovLast: 'VI624611307445927936',
  fragmented: 'VI623870256104189952',
  /** In the scope `holiday_2025`; all others are in `default`. */
  holiday: 'VI622954018833670144',
} as const;

/** The bytes of a sample, read without the mock. */
export function sampleFile(name: 'faststart' | 'moov-last' | 'fragmented'): Buffer {
  return readFileSync(new URL(`${name}.mp4`, SAMPLES_FOLDER));
}

/** The types of a file's top-level boxes, in order. Throws unless they end at the end of the file. */
export function boxTypes(file: Uint8Array): string[] {
  const bytes = Buffer.from(file);
  const types: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    types.push(bytes.toString('latin1', at + 4, at + 8));
    at += bytes.readUInt32BE(at);
  }
  if (at !== bytes.length) throw new Error(`The boxes end at ${at}, the file at ${bytes.length}`);
  return types;
}
