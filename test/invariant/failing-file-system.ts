import { diskFileSystem, type FileSystem, type OpenFile } from '../../src/download/file-system.ts';

/** A file system call of the write path. */
export type Call = keyof Omit<FileSystem, 'openDevice'> | keyof OpenFile;

/** Decides whether a call fails, and how; null lets it succeed. `turn` counts the calls of each kind from 1. */
export type FailurePlan = (call: Call, turn: number) => Failure | null;

/**
 * A call that fails with a system error (with `afterwards`, it takes effect before it fails), or a write that accepts
 * at most so many bytes.
 */
export type Failure =
  | { readonly code: string; readonly afterwards?: boolean }
  | { readonly mostBytes: number };

/** A file system whose calls fail as planned. */
export interface FailingDisk {
  readonly fileSystem: FileSystem;
  /** How often each call has been made so far. */
  readonly calls: ReadonlyMap<Call, number>;
}

/** The real file system, except for the calls that the plan makes fail. */
export function failingDisk(failurePlan: FailurePlan): FailingDisk {
  const calls = new Map<Call, number>();

  const around = async <T>(call: Call, work: (mostBytes: number) => Promise<T>): Promise<T> => {
    const turn = (calls.get(call) ?? 0) + 1;
    calls.set(call, turn);
    const failure = failurePlan(call, turn);
    if (failure !== null && 'code' in failure) {
      // close() closes the file even if it reports an error.
      const done = call === 'close' || failure.afterwards === true ? await work(0) : null;
      if (call === 'create' && done !== null) await (done as OpenFile).close();
      throw Object.assign(new Error(`${failure.code}: ${call} was made to fail`), { code: failure.code });
    }
    return work(failure?.mostBytes ?? Number.POSITIVE_INFINITY);
  };

  const wrapped = (file: OpenFile): OpenFile => ({
    writev: (chunks) => around('writev', (mostBytes) => file.writev(firstBytes(chunks, mostBytes))),
    empty: () => around('empty', () => file.empty()),
    read: (position, maxBytes) => around('read', () => file.read(position, maxBytes)),
    chmod: (mode) => around('chmod', () => file.chmod(mode)),
    setTime: (modifiedMs) => around('setTime', () => file.setTime(modifiedMs)),
    identify: () => around('identify', () => file.identify()),
    sync: () => around('sync', () => file.sync()),
    close: () => around('close', () => file.close()),
  });

  const fileSystem: FileSystem = {
    create: (path) => around('create', async () => wrapped(await diskFileSystem.create(path))),
    openDevice: (path) => diskFileSystem.openDevice(path),
    link: (from, to) => around('link', () => diskFileSystem.link(from, to)),
    rename: (from, to) => around('rename', () => diskFileSystem.rename(from, to)),
    unlink: (path) => around('unlink', () => diskFileSystem.unlink(path)),
    look: (path) => around('look', () => diskFileSystem.look(path)),
    list: (folder) => around('list', () => diskFileSystem.list(folder)),
    flushFolder: (folder) => around('flushFolder', () => diskFileSystem.flushFolder(folder)),
  };
  return { fileSystem, calls };
}

/** Makes one call of one kind fail. */
export function failureAt(call: Call, turn: number, failure: Failure): FailurePlan {
  return (each, eachTurn) => (each === call && eachTurn === turn ? failure : null);
}

/** Combines plans; the first one that makes a call fail decides how. */
export function combined(...all: readonly FailurePlan[]): FailurePlan {
  return (call, turn) => {
    for (const each of all) {
      const failure = each(call, turn);
      if (failure !== null) return failure;
    }
    return null;
  };
}

function firstBytes(chunks: readonly Uint8Array[], mostBytes: number): readonly Uint8Array[] {
  const first: Uint8Array[] = [];
  let left = mostBytes;
  for (const chunk of chunks) {
    if (left <= 0) break;
    first.push(chunk.subarray(0, Math.min(chunk.length, left)));
    left -= chunk.length;
  }
  return first;
}
