/** What `mavi sync` was asked to do, and which part of a library a shard is. Pure. */
import { createHash } from 'node:crypto';
import type { RunPlan } from '../download/plan.ts';
import type { Template } from '../library/names.ts';
import type { LibraryQuery } from '../library/query.ts';

/** What a synced folder's manifest is called. */
export const MANIFEST_NAME = 'mavi-manifest.ndjson';

/** One of `of` disjoint parts of a library, from 1. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** A checked sync. */
export interface SyncPlan extends RunPlan {
  /** As the user named it; messages and records use it. */
  readonly folder: string;
  readonly query: LibraryQuery;
  /** Whether a recorded file that has changed is replaced. */
  readonly force: boolean;
  readonly template: Template;
  readonly shard: Shard;
}

/** Whether a video is in a shard: by a hash of its ID, so that it stays there as the library grows. */
export function isInShard(videoNo: string, shard: Shard): boolean {
  return createHash('sha256').update(videoNo).digest().readUInt32BE(0) % shard.of === shard.index - 1;
}
