/** Where the bytes of one video go. A file gets its final name only when it is published. */
import { ClosedPipe, codeOf, LocalError, localError } from '../errors.ts';
import { flushFile } from '../folders.ts';
import { abortable, type Host, writeAll } from '../host.ts';
import type { ReadAgain } from './body-check.ts';
import type { DownloadContext } from './context.ts';
import type { OpenFile } from './file-system.ts';
import { publish, removePatiently } from './partial-file.ts';
import type { VideoTask } from './plan.ts';
import type { Target } from './target.ts';

/** A destination for bytes. Every call throws MaviError. */
export interface Sink {
  /** Writes all of the chunks, in order. */
  write(chunks: readonly Uint8Array[]): Promise<void>;
  /** Discards what was written, to begin again; null where it can't be undone. */
  readonly restart: (() => Promise<void>) | null;
  /** Reads what was written, until a signal comes; null where nothing can be read back. */
  readonly read: ReadAgain | null;
  /** Makes it final: the bytes are flushed and have the target's name, which survives a power cut. Returns warnings. */
  publish(): Promise<readonly string[]>;
  /** Removes what was written, where it can be. Never throws; to be called after any failure. */
  discard(): Promise<void>;
}

/** A file: written beside the target, flushed, then given the target's name in one step. */
export async function fileSink(target: Target, task: VideoTask, context: DownloadContext): Promise<Sink> {
  const { fileSystem, partialFiles } = context;
  const { clock, interrupt, umask } = context.host;
  const { mtimeMs = null } = task;
  const force = task.whenExists === 'force';
  /** Temporary files that are to be removed; the last one is in use. */
  const paths: string[] = [];

  const failing = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error) => {
      throw localError(error, target.shown);
    });

  const create = async (): Promise<OpenFile> => {
    const path = partialFiles.pathFor(target.path);
    paths.push(path);
    try {
      return await fileSystem.create(path);
    } catch (error) {
      // Opening may fail after the file was created. The name is random, so it can't be another's.
      await fileSystem.unlink(path).catch(() => {});
      throw error;
    }
  };

  let file = await failing(create());

  const removeAll = async (): Promise<string[]> => {
    const left: string[] = [];
    for (const path of paths) if (!(await removePatiently(fileSystem, clock, path))) left.push(path);
    return left;
  };

  const restart = async (): Promise<void> => {
    try {
      await file.empty();
    } catch {
      // Some mounts refuse to truncate a file, such as rclone's without a cache.
      await file.close().catch(() => {});
      await removeAll();
      file = await create();
    }
  };

  /** Sets permissions and time, flushes and closes the file; returns its identity and warnings. */
  const finish = async (): Promise<{ identity: string; warnings: string[] }> => {
    const warnings: string[] = [];
    // Where permissions can't be set, as on FAT, the mount rules them.
    await file.chmod(target.existing?.mode ?? 0o666 & ~umask).catch(() => {});
    if (mtimeMs !== null) {
      await file.setTime(mtimeMs).catch(() => warnings.push('could not set its modification time'));
    }
    await flushFile(() => file.sync());
    const identity = await file.identify();
    // Compared while it is open, because some network file systems give a closed file a new number.
    if (target.isShared && (await fileSystem.look(paths.at(-1) ?? ''))?.identity !== identity) {
      const text = `cannot write ${target.shown}: its temporary file was replaced`;
      const hint = 'another user can write to that folder; choose another one';
      throw new LocalError('swapped', text, { hint });
    }
    await file.close();
    return { identity, warnings };
  };

  return {
    write: (chunks) => failing(writeAll(chunks, file.writev)),
    read: (position, maxBytes) => failing(abortable(file.read(position, maxBytes), interrupt)),
    restart: () => failing(restart()),
    async publish() {
      const { identity, warnings } = await failing(finish());
      // Flushing can take long; up to here a signal leaves the target as it was.
      if (interrupt.aborted) throw interrupt.reason;
      const temporary = paths.pop() ?? '';
      const { path } = target;
      try {
        const untidy = await publish({ fileSystem, clock, temporary, identity, path, force });
        const left = (await removeAll()).map((each) => `could not remove ${each}`);
        return [...warnings, ...untidy, ...left];
      } catch (error) {
        paths.push(temporary);
        throw localError(error, target.shown);
      }
    },
    async discard() {
      await file.close().catch(() => {});
      await removeAll();
    },
  };
}

/** A device or a FIFO: written directly, and what is written is gone. A signal ends the wait for a reader. */
export async function deviceSink(target: Target, { fileSystem, host }: DownloadContext): Promise<Sink> {
  const failing = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error) => {
      throw codeOf(error) === 'EPIPE' ? new ClosedPipe() : localError(error, target.shown);
    });
  const file = await failing(abortable(fileSystem.openDevice(target.path), host.interrupt));
  return {
    write: (chunks) => failing(abortable(writeAll(chunks, file.writev), host.interrupt)),
    restart: null,
    read: null,
    async publish() {
      await failing(file.close());
      return [];
    },
    // Not awaited: a write that nobody reads keeps the file from being closed.
    discard: async () => void file.close().catch(() => {}),
  };
}

/** Standard output. A signal ends the wait for a reader that has stopped reading. */
export function stdoutSink({ stdout, interrupt }: Host): Sink {
  return {
    write: (chunks) =>
      abortable(stdout.write(chunks), interrupt).catch((error) => {
        throw localError(error, 'standard output', 'write to');
      }),
    restart: null,
    read: null,
    publish: async () => [],
    discard: async () => {},
  };
}
