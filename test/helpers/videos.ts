import type { StoredVideo } from '../../src/mock/library.ts';
import { generatedLibrary } from './generated.ts';
import { moment } from './moment.ts';

/** A generated video of this size, not held in memory; another seed gives another video. */
export function madeUpVideo(
  sizeBytes: number,
  seed = 1,
): { readonly video: StoredVideo; readonly videoNo: string } {
  const video = generatedLibrary({ count: 1, sizeBytes, seed }).at('default', 0);
  if (video === undefined) throw new Error('no video');
  return { video, videoNo: video.videoNo };
}

/** All bytes of a video. */
export async function bytesOf(video: StoredVideo): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of video.read(0, video.sizeBytes)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** A video whose `left` resolves when a server stops reading it because its client has left. */
export function watched(video: StoredVideo): { readonly video: StoredVideo; readonly left: Promise<void> } {
  const { happened, now } = moment();
  const read: StoredVideo['read'] = async function* (fromByte, toByte) {
    try {
      yield* video.read(fromByte, toByte);
    } finally {
      now();
    }
  };
  return { video: { ...video, read }, left: happened };
}

/** A generated video with the bytes of a correct download. */
export async function knownVideo(
  sizeBytes: number,
  seed = 1,
): Promise<{ readonly video: StoredVideo; readonly videoNo: string; readonly bytes: Buffer }> {
  const { video, videoNo } = madeUpVideo(sizeBytes, seed);
  return { video, videoNo, bytes: await bytesOf(video) };
}

/** A generated video that stops half-way until `goOn` is called. */
export function heldVideo(
  sizeBytes: number,
  seed = 1,
): { readonly video: StoredVideo; readonly videoNo: string; readonly goOn: () => void } {
  const { video, videoNo } = madeUpVideo(sizeBytes, seed);
  const held = moment();
  const half = sizeBytes / 2;
  const read: StoredVideo['read'] = async function* (fromByte, toByte) {
    if (fromByte < half) yield* video.read(fromByte, Math.min(toByte, half));
    await held.happened;
    if (toByte > half) yield* video.read(Math.max(fromByte, half), toByte);
  };
  return { video: { ...video, read }, videoNo, goOn: held.now };
}
