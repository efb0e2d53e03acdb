import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { libraryOf, type StoredVideo, type VideoLibrary } from './library.ts';
import { readerOf } from './video-file.ts';

const SAMPLES_FOLDER = join(import.meta.dirname, 'samples');

/** The `video_no`s of the samples; the first is the one that the vendor's documentation uses. */
export const SAMPLE_VIDEO_NOS = {
  faststart: 'VI625239098370850816',
  moovLast: 'VI624611307445927936',
  fragmented: 'VI623870256104189952',
  /** In the scope `holiday_2025`; all others are in `default`. */
  holiday: 'VI622954018833670144',
} as const;

type Facts = Omit<StoredVideo, 'sizeBytes' | 'status' | 'read'>;

const SAMPLES: readonly (Facts & { readonly file: string })[] = [
  {
    file: 'faststart.mp4',
    videoNo: SAMPLE_VIDEO_NOS.faststart,
    uniqueId: 'default',
    name: 'first steps',
    durationSeconds: 4,
    createTimeMs: Date.UTC(2025, 9, 4, 9, 30),
    takenAtMs: Date.UTC(2025, 9, 3, 16, 5),
    cameraModel: 'Pocket 3',
    latitude: 47.3769,
    longitude: 8.5417,
    tags: ['family', 'walk'],
  },
  {
    file: 'moov-last.mp4',
    videoNo: SAMPLE_VIDEO_NOS.moovLast,
    uniqueId: 'default',
    name: 'Morning walk 🌅 | Lake, day #1?',
    durationSeconds: 5,
    createTimeMs: Date.UTC(2025, 9, 2, 7, 15),
    takenAtMs: Date.UTC(2025, 9, 1, 5, 40),
    cameraModel: 'Hero 12',
    latitude: 46.4628,
    longitude: 6.8419,
    tags: ['lake', 'walk'],
  },
  {
    file: 'fragmented.mp4',
    videoNo: SAMPLE_VIDEO_NOS.fragmented,
    uniqueId: 'default',
    name: 'screen recording 12:30',
    durationSeconds: 6,
    createTimeMs: Date.UTC(2025, 8, 30, 12, 30),
  },
  {
    file: 'moov-last.mp4',
    videoNo: SAMPLE_VIDEO_NOS.holiday,
    uniqueId: 'holiday_2025',
    name: 'Beach day',
    durationSeconds: 5,
    createTimeMs: Date.UTC(2025, 8, 28, 18, 0),
    takenAtMs: Date.UTC(2025, 7, 14, 11, 20),
    cameraModel: 'Hero 12',
    tags: ['beach'],
  },
];

/** The library of the samples that ship with the package: three in `default`, one in `holiday_2025`. */
export async function sampleLibrary(): Promise<VideoLibrary> {
  const videos = SAMPLES.map(async ({ file, ...facts }): Promise<StoredVideo> => {
    const path = join(SAMPLES_FOLDER, file);
    const { size } = await stat(path);
    return { ...facts, sizeBytes: size, status: 'PARSE', read: readerOf(path) };
  });
  return libraryOf(await Promise.all(videos));
}
