/** What a synced folder lacks: each row of the library against the manifest and the disk. */
import { stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { ManifestIndex } from '../download/manifest-index.ts';
import type { VideoTask } from '../download/plan.ts';
import { pathFrom, pathKey } from '../folders.ts';
import { type Container, EXTENSIONS } from '../isobmff/signature.ts';
import type { LibraryRow } from '../library/row.ts';

/** One video that is not in its place. */
export interface Item {
  readonly task: VideoTask;
  /** To be fetched; to be hashed and kept, for its file seems to be there; or not to be had, for its name is taken. */
  readonly kind: 'fetch' | 'keep' | 'blocked';
}

/** What is to be done, and what is not. */
export interface Inventory {
  /** In the order of the listing. */
  readonly items: readonly Item[];
  /** How many are recorded and in their place. */
  readonly there: number;
}

/** What an inventory is taken of. */
export interface InventoryOptions {
  /** The folder as the user named it; messages and records use it. */
  readonly folder: string;
  readonly cwd: string;
  readonly rows: readonly LibraryRow[];
  /** The name of each row without extension. */
  readonly names: ReadonlyMap<string, string>;
  readonly index: ManifestIndex;
  readonly containers: readonly Container[];
}

const IN_THE_WAY = 'it is no file of this sync, so it is left alone; move it away and run the sync again';

/** Takes the inventory; no request is made, and no file is read. */
export async function takeInventory(options: InventoryOptions): Promise<Inventory> {
  const folder = pathKey(pathFrom(options.cwd, options.folder));
  const items: Item[] = [];
  let there = 0;
  for (const row of options.rows) {
    const record = options.index.byVideoNo.get(row.videoNo);
    if (record === undefined || pathKey(dirname(record.path)) !== folder)
      items.push(await first(row, options));
    else {
      const size = await sizeOf(record.path);
      if (size === record.bytes) there += 1;
      else items.push(again(row, record.path, size !== null, options));
    }
  }
  return { items, there };
}

/** A video whose file was recorded, and is gone or changed: fetched into its old name. */
function again(row: LibraryRow, path: string, changed: boolean, options: InventoryOptions): Item {
  const extension = extname(path);
  // Only the very file that was recorded may be replaced, not one that has its name with another extension.
  const replaceable = options.containers.some((container) => EXTENSIONS[container] === extension);
  const stem = join(options.folder, basename(path, extension));
  return itemFor(row, stem, changed && replaceable ? 'force' : 'refuse', 'fetch', options);
}

/** A video that was never recorded: a file of its name is kept if it is the video, else it is in the way. */
async function first(row: LibraryRow, options: InventoryOptions): Promise<Item> {
  const stem = join(options.folder, options.names.get(row.videoNo) ?? row.videoNo);
  for (const container of options.containers) {
    const size = await sizeOf(pathFrom(options.cwd, stem + EXTENSIONS[container]));
    // Where the library gives no size, nothing tells a file of the user's own from the video.
    if (size !== null && size === row.sizeBytes) return itemFor(row, stem, 'skip', 'keep', options);
    if (size !== null) return itemFor(row, stem, 'refuse', 'blocked', options);
  }
  return itemFor(row, stem, 'refuse', 'fetch', options);
}

function itemFor(
  row: LibraryRow,
  stem: string,
  whenExists: VideoTask['whenExists'],
  kind: Item['kind'],
  { containers }: InventoryOptions,
): Item {
  const task: VideoTask = {
    videoNo: row.videoNo,
    destination: { kind: 'file', containers, nameFor: (container) => stem + EXTENSIONS[container] },
    whenExists,
    existsHint: IN_THE_WAY,
    notWholeHint: IN_THE_WAY,
    listedSize: row.sizeBytes,
  };
  return { task, kind };
}

/** A file's size in bytes; null if nothing has that name. */
async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch {
    return null;
  }
}
