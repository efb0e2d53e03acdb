/** What a synced folder lacks: each row of the library against the manifest and the disk. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative, sep } from 'node:path';
import { type Item, itemFor } from '../download/forecast.ts';
import { type FileRecord, MANIFEST_NAME, type ManifestIndex, readManifest } from '../download/manifest.ts';
import { containersOf, listedTask, type RunPlan, type VideoTask } from '../download/plan.ts';
import { pathFrom, pathKey } from '../folders.ts';
import { type Container, EXTENSIONS } from '../isobmff/signature.ts';
import { type ListingContext, listReady } from '../library/listing.ts';
import { assignNames, type Template, withoutExtension } from '../library/names.ts';
import type { LibraryQuery } from '../library/query.ts';
import type { LibraryRow } from '../library/row.ts';
import { newRecord, type VideoRecord } from '../record.ts';

/** What `mavi sync` was asked to do. */
export interface SyncPlan extends RunPlan {
  /** As the user named it; messages and records use it. */
  readonly folder: string;
  readonly query: LibraryQuery;
  /** Whether a recorded file that has changed is replaced. */
  readonly force: boolean;
  readonly template: Template;
  readonly shard: Shard;
}

/** One of `of` disjoint parts of a library, from 1. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** Whether a video is in a shard: by a hash of its ID, so that it stays there as the library grows. */
export function isInShard(videoNo: string, shard: Shard): boolean {
  return createHash('sha256').update(videoNo).digest().readUInt32BE(0) % shard.of === shard.index - 1;
}

/** A record whose file is, or was, in the folder. */
interface RecordedFile extends FileRecord {
  /** Relative to the folder, with `/`; the new name of one that was moved. */
  file: string;
  state: 'present' | 'changed' | 'gone' | 'moved';
}

/** What the folder lacks, what was moved in it, and how much is up to date. Exit code 6 for an incomplete listing. */
export async function takeInventory(plan: SyncPlan, context: ListingContext) {
  const { host, note } = context;
  const index = await readManifest(pathFrom(plan.folder, MANIFEST_NAME), host, 'synced', true);
  const isMeant = ({ videoNo }: LibraryRow): boolean => isInShard(videoNo, plan.shard);
  const { all, ready, exitCode } = await listReady(context, plan.query, isMeant);
  const recorded = await recordedFiles(pathFrom(host.cwd, plan.folder), index);
  await findMoved(plan, recorded, ready, context);
  const stems = [...recorded].map(([videoNo, { file }]) => [videoNo, withoutExtension(file)] as const);
  const names = assignNames(all, plan.template, new Map(stems));
  const items: Item[] = [];
  const moved: VideoRecord[] = [];
  let [upToDate, otherNames] = [0, 0];
  for (const row of ready) {
    const known = recorded.get(row.videoNo);
    if (known?.state === 'moved') {
      const { videoNo, uniqueId, listedSize, listed } = row;
      const { bytes, sha256 } = known;
      const file = pathFrom(plan.folder, known.file);
      moved.push({ ...newRecord(videoNo, uniqueId, listedSize, listed), file, bytes, sha256 });
    } else if (known?.state === 'present' || (known?.state === 'gone' && plan.skipRecorded)) {
      upToDate += 1;
      if (known.status === 'downloaded' && !isNamedBy(plan, row, known.file)) otherNames += 1;
    } else items.push(await itemOf(row, names.get(row.videoNo) ?? row.videoNo, known, plan, host.cwd));
  }
  if (otherNames > 0) {
    const keep = otherNames === 1 ? 'file keeps its name' : 'files keep their names';
    note(`${otherNames} recorded ${keep}; --name-template applies to new files only`);
  }
  return { items, moved, upToDate, exitCode };
}

async function recordedFiles(folder: string, index: ManifestIndex): Promise<Map<string, RecordedFile>> {
  const recorded = new Map<string, RecordedFile>();
  for (const record of index.byVideoNo.values()) {
    const file = insideOf(folder, record.path);
    if (file === null) continue;
    const state = await stateOf(pathFrom(folder, file), record.bytes);
    // A file behind a linked subfolder may be read, but a write could reach anywhere.
    if (state === 'present' || (await isWritable(folder, file))) {
      recorded.set(record.videoNo, { ...record, file, state });
    }
  }
  return recorded;
}

/** The program's own files: the manifest, locks, and partial downloads. */
const OURS = /^(?:mavi-manifest\.ndjson|\.mavi-.*|.*\.part)$/;

/** Marks the lost files that were moved below the folder. Reads only files of their sizes that no other video has. */
async function findMoved(
  plan: SyncPlan,
  recorded: ReadonlyMap<string, RecordedFile>,
  ready: readonly LibraryRow[],
  { host, note }: ListingContext,
): Promise<void> {
  const wanted = new Set(ready.map(({ videoNo }) => videoNo));
  const files = [...recorded.values()];
  const taken = new Set(files.filter(({ state }) => state === 'present').map(({ file }) => file));
  const lost = files.filter(({ state, videoNo }) => state !== 'present' && wanted.has(videoNo));
  if (lost.length === 0) return;
  const text = lost.length === 1 ? '1 recorded file is' : `${lost.length} recorded files are`;
  note(`${text} gone or changed; looking for moved files`);
  const hashed = lost.filter(({ sha256 }) => sha256 !== null);
  if (hashed.length === 0) return;
  const sizes = new Set(hashed.map(({ bytes }) => bytes));
  const byHash = new Map<string, string[]>();
  const folder = pathFrom(host.cwd, plan.folder);
  for await (const file of filesBelow(folder, '', host.interrupt)) {
    if (taken.has(file)) continue;
    const path = pathFrom(folder, file);
    const found = await lstat(path).catch(() => null);
    const hash = found !== null && sizes.has(found.size) ? await sha256Of(path, host.interrupt) : null;
    if (hash !== null) byHash.set(hash, [...(byHash.get(hash) ?? []), file]);
  }
  for (const known of hashed) {
    const copies = byHash.get(known.sha256 ?? '') ?? [];
    // Of several copies, the one that kept its name was moved; each counts for one video only.
    const namesake = copies.findIndex((copy) => basename(copy) === basename(known.file));
    const [copy] = copies.splice(Math.max(0, namesake), 1);
    if (copy !== undefined) Object.assign(known, { state: 'moved', file: copy });
  }
}

async function* filesBelow(folder: string, subfolder: string, signal: AbortSignal): AsyncGenerator<string> {
  const entries = await readdir(pathFrom(folder, subfolder), { withFileTypes: true }).catch(() => []);
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (signal.aborted) throw signal.reason;
    const file = subfolder === '' ? entry.name : `${subfolder}/${entry.name}`;
    if (entry.isDirectory()) yield* filesBelow(folder, file, signal);
    else if (entry.isFile() && !OURS.test(entry.name)) yield file;
  }
}

/** The SHA-256 of a file; null if it cannot be read. Throws the signal's reason. */
async function sha256Of(path: string, signal: AbortSignal): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    const chunks = createReadStream(path, { highWaterMark: 1024 * 1024, signal });
    for await (const chunk of chunks) hash.update(chunk);
    return hash.digest('hex');
  } catch {
    if (signal.aborted) throw signal.reason;
    return null;
  }
}

const IN_THE_WAY = 'not created by this sync, so left untouched; move it away and run the sync again';

/** What to do for a video without a record, or whose recorded file is gone or changed: its path is used again. */
async function itemOf(
  row: LibraryRow,
  stem: string,
  known: RecordedFile | undefined,
  { folder, rules, mtime, force }: SyncPlan,
  cwd: string,
): Promise<Item> {
  const nameFor = (container: Container): string =>
    pathFrom(folder, known?.file ?? stem + EXTENSIONS[container]);
  const containers = containersOf(rules);
  const task: VideoTask = {
    ...listedTask(row, mtime),
    destination: { kind: 'file', containers, followsLinks: false, nameFor, root: folder },
    whenExists: 'refuse',
    existsHint: IN_THE_WAY,
    incompleteHint: IN_THE_WAY,
  };
  if (known === undefined) {
    // A file of its name is kept if it may be the video, else it is in the way.
    const item = await itemFor({ ...task, whenExists: 'skip' }, true, cwd);
    return item.why === 'keep' ? item : { task, why: item.why };
  }
  if (known.state === 'gone') return { task, why: 'gone' };
  const existsHint = 'left untouched, because you may have edited it; --force replaces it';
  const whenExists = force ? 'force' : 'refuse';
  return { task: { ...task, whenExists, existsHint, changedFrom: known.bytes }, why: 'changed' };
}

/** A path relative to the folder, with `/`; null unless it lies in it. */
function insideOf(folder: string, path: string): string | null {
  const file = relative(pathKey(folder), pathKey(path));
  if (file === '' || file === '..' || file.startsWith(`..${sep}`) || isAbsolute(file)) return null;
  return file.replaceAll('\\', '/');
}

async function stateOf(path: string, bytes: number): Promise<RecordedFile['state']> {
  // For reading, a link is as good as the file; only the write path refuses to follow it.
  const found = await stat(path).catch(() => null);
  if (found?.isFile() && found.size === bytes) return 'present';
  return lstat(path).then(
    () => 'changed',
    () => 'gone',
  );
}

/** Whether no link leads out of the folder to where the file is to be written. */
async function isWritable(folder: string, file: string): Promise<boolean> {
  if (!file.includes('/')) return true;
  const paths = [folder, dirname(pathFrom(folder, file))].map((path) => realpath(path));
  const [root = '', parent] = await Promise.all(paths).catch(() => []);
  // A subfolder that is gone is created again.
  return parent === undefined || insideOf(root, `${parent}/x`) !== null;
}

/** Whether a recorded name is one that the template gives, with or without the ID against a collision. */
function isNamedBy({ template }: SyncPlan, row: LibraryRow, file: string): boolean {
  const [stem, name] = [withoutExtension(file), template(row)];
  return stem === name || stem.startsWith(`${name} ${row.videoNo}`);
}
