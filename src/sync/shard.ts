/** Which part of a library a video belongs to. Pure. */
import { createHash } from 'node:crypto';
import type { Shard } from '../commands/sync.ts';

/** Whether a video is in a shard: by a hash of its id, so that it stays there as the library grows. */
export function isInShard(videoNo: string, shard: Shard): boolean {
  return createHash('sha256').update(videoNo).digest().readUInt32BE(0) % shard.of === shard.index - 1;
}
