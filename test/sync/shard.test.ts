import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isInShard } from '../../src/sync/inventory.ts';
import { madeVideos } from '../library/stored-video.ts';

/** The shards of n that a video is in. */
function shardsOf(videoNo: string, of: number): number[] {
  const indexes = Array.from({ length: of }, (_, index) => index + 1);
  return indexes.filter((index) => isInShard(videoNo, { index, of }));
}

describe('the shards of a library', () => {
  it('contain every video exactly once', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 64 }),
        fc.integer({ min: 1, max: 40 }),
        (videoNo, of) => {
          expect(shardsOf(videoNo, of)).toHaveLength(1);
        },
      ),
    );
  });

  it('are about equally large', () => {
    const ids = madeVideos(4000).map((video) => video.videoNo);
    for (let index = 1; index <= 8; index += 1) {
      const size = ids.filter((videoNo) => isInShard(videoNo, { index, of: 8 })).length;
      expect(Math.abs(size - 500)).toBeLessThan(75);
    }
  });

  it('are the same on every machine and in every version', () => {
    // By `sha256sum`: the first eight digits of each, modulo 7, plus one.
    const ids = ['VI625239098370850816', 'VI624611307445927936', 'VI623870256104189952', 'a', '_-'];
    expect(ids.map((videoNo) => shardsOf(videoNo, 7))).toEqual([[5], [4], [7], [3], [6]]);
  });
});
