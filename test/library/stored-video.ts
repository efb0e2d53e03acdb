import { libraryOf, type StoredVideo, type VideoLibrary } from '../../src/mock/library.ts';
import { generatedLibrary } from '../helpers/generated.ts';

/** Made-up videos, newest first, each changed by its index. */
export function madeVideos(
  count: number,
  change: (index: number) => Partial<StoredVideo> = () => ({}),
  seed = 1,
): StoredVideo[] {
  const library = generatedLibrary({ count, sizeBytes: 1000, seed });
  return Array.from({ length: count }, (_, index) => {
    const video = library.at('default', index);
    if (video === undefined) throw new Error('no video');
    return { ...video, ...change(index) };
  });
}

/** Videos with the names given, the newest first. */
export function videosNamed(names: readonly string[]): StoredVideo[] {
  return madeVideos(names.length, (index) => ({ name: names[index] ?? '' }));
}

/** A video that consists of the bytes given, whatever size it is listed with. */
export function videoOfBytes(bytes: Uint8Array, facts: Partial<StoredVideo> = {}): StoredVideo {
  return {
    ...(madeVideos(1)[0] as StoredVideo),
    sizeBytes: bytes.length,
    ...facts,
    async *read() {
      yield bytes;
    },
  };
}

/** A library whose `videos` may be changed while it is read. */
export function growingLibrary(videos: StoredVideo[]): VideoLibrary {
  const now = (): VideoLibrary => libraryOf(videos);
  return {
    uniqueIds: ['default'],
    count: (uniqueId) => now().count(uniqueId),
    at: (uniqueId, position) => now().at(uniqueId, position),
    find: (uniqueId, videoNo) => now().find(uniqueId, videoNo),
  };
}
