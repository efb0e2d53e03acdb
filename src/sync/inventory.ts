/** What a synced folder lacks: each row of the library against the manifest and the disk. */
import { stat } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import type { ManifestIndex } from '../download/manifest-index.ts';
import type { VideoTask } from '../download/plan.ts';
import { type Container, EXTENSIONS } from '../isobmff/signature.ts';
import type { LibraryRow } from '../library/row.ts';

/** What is to be done, and what is not. */
export interface Inventory {
  /** Videos to fetch, and files to hash and keep; in the order of the listing. */
  readonly tasks: readonly VideoTask[];
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
  const tasks: VideoTask[] = [];
  let there = 0;
  for (const row of options.rows) {
    const record = options.index.byVideoNo.get(row.videoNo);
    if (record !== undefined && isInside(record.path, resolve(options.cwd, options.folder))) {
      const size = await sizeOf(record.path);
      if (size === record.bytes) there += 1;
      else tasks.push(again(row, record.path, size === null ? 'refuse' : 'force', options));
    } else tasks.push(await first(row, options));
  }
  return { tasks, there };
}

/** A video whose file was recorded, and is gone or changed. */
function again(
  row: LibraryRow,
  path: string,
  whenExists: 'refuse' | 'force',
  options: InventoryOptions,
): VideoTask {
  const recorded = join(options.folder, basename(path));
  const stem = recorded.slice(0, recorded.length - extname(recorded).length);
  return taskFor(row, stem, whenExists, options);
}

/** A video that was never recorded: a file of its name is kept if it is the video, else it is in the way. */
async function first(row: LibraryRow, options: InventoryOptions): Promise<VideoTask> {
  const stem = join(options.folder, options.names.get(row.videoNo) ?? row.videoNo);
  for (const container of options.containers) {
    const size = await sizeOf(resolve(options.cwd, stem + EXTENSIONS[container]));
    if (size !== null) {
      return taskFor(
        row,
        stem,
        row.sizeBytes === null || size === row.sizeBytes ? 'skip' : 'refuse',
        options,
      );
    }
  }
  return taskFor(row, stem, 'refuse', options);
}

function taskFor(
  row: LibraryRow,
  stem: string,
  whenExists: VideoTask['whenExists'],
  { containers }: InventoryOptions,
): VideoTask {
  return {
    videoNo: row.videoNo,
    place: { kind: 'file', containers, nameFor: (container) => stem + EXTENSIONS[container] },
    whenExists,
    existsHint: IN_THE_WAY,
    listedSize: row.sizeBytes,
  };
}

function isInside(path: string, folder: string): boolean {
  return dirname(path) === folder && relative(folder, path) !== '';
}

/** A file's size in bytes; null if nothing has that name. */
async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch {
    return null;
  }
}
