/** What `mavi sync` was asked to do, and which part of a library a shard is. Pure. */
import { createHash } from 'node:crypto';
import type { OutputOptions, TransferLimit } from '../download/plan.ts';
import type { CheckRules } from '../download/sniff.ts';
import type { Template } from '../library/names.ts';
import type { LibraryQuery } from '../library/query.ts';
import type { SettingTexts } from '../settings/settings.ts';

/** What a synced folder's manifest is called. */
export const MANIFEST_NAME = 'mavi-manifest.ndjson';

/** One of `of` disjoint parts of a library, from 1. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** A checked sync. */
export interface SyncPlan extends OutputOptions {
  /** As the user named it; messages and records use it. */
  readonly folder: string;
  readonly query: LibraryQuery;
  readonly dryRun: boolean;
  /** Whether a recorded file that has changed is replaced. */
  readonly force: boolean;
  /** Whether a recorded file that is gone stays gone. */
  readonly skipRecorded: boolean;
  /** Whether files get the time at which their videos were taken or created. */
  readonly mtime: boolean;
  readonly template: Template;
  readonly shard: Shard;
  readonly rules: CheckRules;
  readonly maxTransfer: TransferLimit | null;
  readonly settings: SettingTexts;
}

/** Whether a video is in a shard: by a hash of its ID, so that it stays there as the library grows. */
export function isInShard(videoNo: string, shard: Shard): boolean {
  return createHash('sha256').update(videoNo).digest().readUInt32BE(0) % shard.of === shard.index - 1;
}
