/** Where the bytes of one video go: nothing stands under the target's name before it is published. */

import { dropBytes } from '../chunks.ts';
import { ClosedPipe, type MaviError } from '../errors.ts';
import { abortable, type Clock, type DataOutput, sleep } from '../host.ts';
import { localError } from '../local-error.ts';
import type { FileSystem, OpenFile } from './file-system.ts';
import type { Target } from './target.ts';

/** A place for bytes. Every call throws MaviError. */
export interface Sink {
  /** Writes all of the chunks, in order. */
  write(chunks: readonly Uint8Array[]): Promise<void>;
  /** Forgets what was written, to begin again; null where what is written is gone from here. */
  readonly restart: (() => Promise<void>) | null;
  /** Makes it final: the bytes are safe, and stand under the target's name. Answers with warnings. */
  publish(): Promise<readonly string[]>;
  /** Takes back what was written, as far as it can be. Never throws; to be called after any failure. */
  discard(): Promise<void>;
}

/** How a file is published. */
export interface FileSinkOptions {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly target: Target;
  /** The path of the temporary file, beside the target. */
  readonly temporary: string;
  /** Whether what has the target's name is replaced. */
  readonly force: boolean;
  /** Keeps a file that is being flushed from getting its name. */
  readonly signal: AbortSignal;
}

/** Pauses between tries of the last step, in milliseconds: virus scanners hold a new file for a moment. */
const BUSY_PAUSES_MS = [10, 50, 100, 200, 400];
const BUSY = new Set(['EPERM', 'EBUSY', 'EACCES']);

/** What file systems without hard links answer; EISDIR is exFAT's answer on Windows, EACCES that of Android. */
const NO_LINKS = new Set([
  'EPERM',
  'EACCES',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EMLINK',
  'EXDEV',
  'EINVAL',
  'EISDIR',
]);

/** What file systems answer that have nothing to flush. */
const NO_SYNC = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** A file: written beside the target, flushed, then given the target's name in one step. */
export async function fileSink(options: FileSinkOptions): Promise<Sink> {
  const { fileSystem, clock, target, temporary, force, signal } = options;
  const failed = (error: unknown): MaviError => localError(error, target.shown);
  let file: OpenFile | null = await fileSystem.create(temporary).catch((error) => {
    throw failed(error);
  });
  const opened = file;

  const close = async (): Promise<void> => {
    const closing = file;
    file = null;
    await closing?.close();
  };

  /** Goes on trying for a moment while something holds the file. */
  const patiently = async (step: () => Promise<void>, passing: ReadonlySet<string> = BUSY): Promise<void> => {
    for (const pauseMs of BUSY_PAUSES_MS) {
      try {
        return await step();
      } catch (error) {
        if (!passing.has(codeOf(error))) throw error;
        await sleep(clock, pauseMs);
      }
    }
    return step();
  };

  /** Gives the file its name; answers with what could not be tidied up. */
  const name = async (): Promise<string[]> => {
    if (force) {
      await patiently(() => fileSystem.rename(temporary, target.path));
      return [];
    }
    try {
      // A hard link never replaces, however late something came to have the name.
      await patiently(() => fileSystem.link(temporary, target.path), new Set(['EBUSY']));
    } catch (error) {
      if (!NO_LINKS.has(codeOf(error))) throw error;
      await patiently(nameWithoutLinks);
      return [];
    }
    return (await remove())
      ? []
      : [`${temporary} could not be removed; it is a second name of the same file`];
  };

  /** Without hard links there is a moment between looking and renaming; it is as short as can be. */
  const nameWithoutLinks = async (): Promise<void> => {
    if (await fileSystem.exists(target.path)) throw Object.assign(new Error('exists'), { code: 'EEXIST' });
    await fileSystem.rename(temporary, target.path);
  };

  /** Removes the temporary file, more than once if need be; says whether it is gone. */
  const remove = async (): Promise<boolean> => {
    for (const pauseMs of [0, ...BUSY_PAUSES_MS]) {
      if (pauseMs > 0) await sleep(clock, pauseMs);
      const gone = await fileSystem.unlink(temporary).then(
        () => true,
        (error) => codeOf(error) === 'ENOENT',
      );
      if (gone) return true;
    }
    return false;
  };

  return {
    write: (chunks) =>
      writeAll(opened, chunks).catch((error) => {
        throw failed(error);
      }),
    async restart() {
      await opened.empty().catch((error) => {
        throw failed(error);
      });
    },
    async publish() {
      try {
        if (target.existing !== null) await opened.chmod(target.existing.mode).catch(() => {});
        await opened.sync().catch((error) => {
          if (!NO_SYNC.has(codeOf(error))) throw error;
        });
        await close();
        // Flushing can take long; up to here a signal leaves the target as it was.
        if (signal.aborted) throw signal.reason;
        return await name();
      } catch (error) {
        throw failed(error);
      }
    },
    async discard() {
      await close().catch(() => {});
      await remove();
    },
  };
}

/**
 * A device or a FIFO: written directly, and what is written is gone.
 * @param signal ends a wait for a reader that may never come
 */
export async function deviceSink(fileSystem: FileSystem, target: Target, signal: AbortSignal): Promise<Sink> {
  const failed = (error: unknown): MaviError =>
    codeOf(error) === 'EPIPE' ? new ClosedPipe() : localError(error, target.shown);
  const file = await abortable(fileSystem.openDevice(target.path), signal).catch((error) => {
    throw failed(error);
  });
  let open = true;
  const close = async (): Promise<void> => {
    if (!open) return;
    open = false;
    await file.close();
  };
  return {
    write: (chunks) =>
      abortable(writeAll(file, chunks), signal).catch((error) => {
        throw failed(error);
      }),
    restart: null,
    async publish() {
      await close().catch((error) => {
        throw failed(error);
      });
      return [];
    },
    // Not waited for: a write that nobody reads keeps the file from being closed.
    discard: async () => void close().catch(() => {}),
  };
}

/**
 * Standard output.
 * @param signal ends a wait for a reader that has stopped reading
 */
export function stdoutSink(stdout: DataOutput, signal: AbortSignal): Sink {
  return {
    write: (chunks) =>
      abortable(stdout.write(chunks), signal).catch((error) => {
        throw localError(error, 'standard output', 'write to');
      }),
    restart: null,
    publish: async () => [],
    discard: async () => {},
  };
}

async function writeAll(file: OpenFile, chunks: readonly Uint8Array[]): Promise<void> {
  let rest: readonly Uint8Array[] = chunks.filter((chunk) => chunk.length > 0);
  while (rest.length > 0) {
    const written = await file.writev(rest);
    if (written === 0) throw Object.assign(new Error('the disk takes no more bytes'), { code: 'EIO' });
    rest = dropBytes(rest, written);
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}
