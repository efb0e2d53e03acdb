/** What a synced folder lacks: each row of the library against the manifest and the disk. */
import { lstat, realpath, stat } from 'node:fs/promises';
import { dirname, extname, isAbsolute, relative, sep } from 'node:path';
import type { Forecast, Item } from '../download/forecast.ts';
import type { FileRecord, ManifestIndex } from '../download/manifest.ts';
import { listedTask, type VideoTask } from '../download/plan.ts';
import { pathFrom, pathKey } from '../folders.ts';
import { type Container, EXTENSIONS } from '../isobmff/signature.ts';
import { assignNames, type Template } from '../library/names.ts';
import type { LibraryRow } from '../library/row.ts';
import { findMoved } from './moved.ts';

/** A recorded file that was found under another name. */
export interface MovedFile {
  readonly row: LibraryRow;
  readonly record: FileRecord;
  /** Its new name, as the user would name it. */
  readonly file: string;
}

/** What is to be done, and what is not. */
export interface Inventory extends Pick<Forecast, 'items' | 'upToDate'> {
  readonly moved: readonly MovedFile[];
  /** How many files keep a name that the template does not give. */
  readonly otherNames: number;
}

/** What an inventory is taken of. */
export interface InventoryOptions {
  /** The folder as the user named it; messages and records use it. */
  readonly folder: string;
  readonly cwd: string;
  /** All rows of the library, for their names. */
  readonly all: readonly LibraryRow[];
  /** The rows to compare. */
  readonly ready: readonly LibraryRow[];
  readonly template: Template;
  readonly index: ManifestIndex;
  readonly containers: readonly Container[];
  readonly force: boolean;
  readonly skipRecorded: boolean;
  readonly mtime: boolean;
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
}

/** A record whose file lies in the folder. */
interface Recorded {
  readonly record: FileRecord;
  /** Relative to the folder, with `/`. */
  readonly file: string;
  readonly state: 'present' | 'changed' | 'gone';
}

/** Takes the inventory. No request is made; files are read only to find those that were moved. */
export async function takeInventory(options: InventoryOptions): Promise<Inventory> {
  const { ready, index } = options;
  const folder = pathFrom(options.cwd, options.folder);
  const recorded = new Map<string, Recorded>();
  for (const record of index.byVideoNo.values()) {
    const file = insideOf(folder, record.path);
    if (file === null) continue;
    const state = await stateOf(folder, file, record);
    // To read a file behind a linked subfolder does no harm; to write one could reach anywhere.
    if (state === 'present' || (await isWritable(folder, file)))
      recorded.set(record.videoNo, { record, file, state });
  }
  const moved = await movedFiles(recorded, folder, options);
  const stems = new Map<string, string>();
  for (const [videoNo, { file }] of recorded)
    stems.set(videoNo, withoutExtension(moved.get(videoNo) ?? file));
  const names = assignNames(options.all, options.template, stems);

  const items: Item[] = [];
  const movedFilesFound: MovedFile[] = [];
  let [upToDate, otherNames] = [0, 0];
  for (const row of ready) {
    const known = recorded.get(row.videoNo);
    const movedTo = moved.get(row.videoNo);
    if (known !== undefined && movedTo !== undefined) {
      movedFilesFound.push({ row, record: known.record, file: pathFrom(options.folder, movedTo) });
    } else if (known === undefined) {
      items.push(await unrecorded(row, names.get(row.videoNo) ?? row.videoNo, options));
    } else if (known.state === 'present' || (known.state === 'gone' && options.skipRecorded)) {
      upToDate += 1;
      if (known.record.status === 'downloaded' && !isNamedBy(options.template, row, known.file))
        otherNames += 1;
    } else items.push(again(row, known, options));
  }
  return { items, upToDate, moved: movedFilesFound, otherNames };
}

/** A video whose recorded file is gone or changed: its recorded path is used again. */
function again(row: LibraryRow, { record, file, state }: Recorded, options: InventoryOptions): Item {
  const path = pathFrom(options.folder, file);
  const task = taskFor(row, () => path, options);
  if (state === 'gone') return { task, why: 'gone' };
  const hint = 'left untouched, because you may have edited it; --force replaces it';
  const whenExists = options.force ? 'force' : 'refuse';
  return { task: { ...task, whenExists, existsHint: hint, changedFrom: record.bytes }, why: 'changed' };
}

/** A video without a record: a file of its name is kept if it is the video, else it is in the way. */
async function unrecorded(row: LibraryRow, stem: string, options: InventoryOptions): Promise<Item> {
  const nameFor = (container: Container): string => pathFrom(options.folder, stem + EXTENSIONS[container]);
  const task = taskFor(row, nameFor, options);
  for (const container of options.containers) {
    const size = await sizeOf(pathFrom(options.cwd, nameFor(container)));
    if (size === null) continue;
    // Where the library gives no size, nothing tells a file of the user's own from the video.
    return size === row.sizeBytes
      ? { task: { ...task, whenExists: 'skip' }, why: 'keep' }
      : { task, why: 'blocked' };
  }
  return { task, why: 'new' };
}

const IN_THE_WAY = 'not created by this sync, so left untouched; move it away and run the sync again';

function taskFor(
  row: LibraryRow,
  nameFor: (container: Container) => string,
  { containers, folder, mtime }: InventoryOptions,
): VideoTask {
  return {
    ...listedTask(row, mtime),
    destination: { kind: 'file', containers, followsLinks: false, nameFor, root: folder },
    whenExists: 'refuse',
    existsHint: IN_THE_WAY,
    notWholeHint: IN_THE_WAY,
  };
}

/** Where each recorded file that is not in its place is now, by video_no. */
async function movedFiles(
  recorded: ReadonlyMap<string, Recorded>,
  folder: string,
  { ready, signal, note }: InventoryOptions,
): Promise<Map<string, string>> {
  const all = [...recorded.entries()];
  const wanted = new Set(ready.map(({ videoNo }) => videoNo));
  const lost = all.filter(([videoNo, { state }]) => state !== 'present' && wanted.has(videoNo));
  if (lost.length === 0) return new Map();
  const taken = new Set(all.filter(([, { state }]) => state === 'present').map(([, { file }]) => file));
  note(
    `${lost.length} recorded ${lost.length === 1 ? 'file is' : 'files are'} gone or changed; looking for moved files`,
  );
  return findMoved(
    lost.map(([videoNo, { record, file }]) => ({ ...record, videoNo, file })),
    { folder, isTaken: (file) => taken.has(file), signal },
  );
}

/** A path relative to the folder, with `/`; null unless it lies in it. */
function insideOf(folder: string, path: string): string | null {
  const file = relative(pathKey(folder), pathKey(path));
  if (file === '' || file === '..' || file.startsWith(`..${sep}`) || isAbsolute(file)) return null;
  return file.replaceAll('\\', '/');
}

async function stateOf(folder: string, file: string, { bytes }: FileRecord): Promise<Recorded['state']> {
  const path = pathFrom(folder, file);
  // To read, a link is as good as the file; only the write path refuses to follow it.
  const found = await stat(path).catch(() => null);
  if (found?.isFile() && found.size === bytes) return 'present';
  return (await sizeOf(path)) === null ? 'gone' : 'changed';
}

/** The size in bytes of what has that name, which may be a link; null if nothing has. */
async function sizeOf(path: string): Promise<number | null> {
  return lstat(path).then(
    (found) => (found.isFile() ? found.size : -1),
    () => null,
  );
}

/** Whether no link leads from the folder to where the file is to be written. */
async function isWritable(folder: string, file: string): Promise<boolean> {
  if (!file.includes('/')) return true;
  const parents = await Promise.all(
    [folder, dirname(pathFrom(folder, file))].map((path) => realpath(path)),
  ).catch(() => null);
  // A subfolder that is gone is created again.
  return parents === null || insideOf(parents[0] ?? '', `${parents[1]}/x`) !== null;
}

function withoutExtension(file: string): string {
  const extension = extname(file);
  return Object.values(EXTENSIONS).includes(extension) ? file.slice(0, -extension.length) : file;
}

/** Whether a recorded name is one that the template gives, with or without the ID against a collision. */
function isNamedBy(template: Template, row: LibraryRow, file: string): boolean {
  const [stem, name] = [withoutExtension(file), template(row)];
  return stem === name || stem.startsWith(`${name} ${row.videoNo}`);
}
