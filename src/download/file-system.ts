/** The calls of the file system that writing a video takes, so that a test can make each of them fail. */
import { link, lstat, open, readdir, rename, unlink } from 'node:fs/promises';
import { codeOf } from '../errors.ts';
import { flushFolder } from '../folders.ts';

/** The machine's own file system. Every call throws the system's error. */
export const diskFileSystem = {
  /** Creates a file that must not exist, readable by its owner only. */
  create: (path: string) => openFile(path, 'wx+'),
  /** Opens a device or FIFO for writing. */
  openDevice: (path: string) => openFile(path, 'w'),
  link: (from: string, to: string) => link(from, to),
  rename: (from: string, to: string) => rename(from, to),
  unlink: (path: string) => unlink(path),
  list: (folder: string) => readdir(folder),
  flushFolder,
  /**
   * What has that name, a symbolic link itself included; null if nothing has. Two names of one file have equal
   * identities; `modifiedMs` is in milliseconds since the epoch.
   */
  async look(path: string): Promise<{ identity: string; bytes: number; modifiedMs: number } | null> {
    try {
      const { dev, ino, size, mtimeMs } = await lstat(path, { bigint: true });
      return { identity: `${dev}:${ino}`, bytes: Number(size), modifiedMs: Number(mtimeMs) };
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    }
  },
};

/** The file system under a sink. */
export type FileSystem = typeof diskFileSystem;

/** An open file. */
export type OpenFile = Awaited<ReturnType<typeof openFile>>;

async function openFile(path: string, flags: 'w' | 'wx+') {
  const handle = await open(path, flags, 0o600);
  // A FIFO has no positions; a file is written where the last write ended, also after it was emptied.
  let position = flags === 'wx+' ? 0 : undefined;
  return {
    /** Writes the chunks at the current position. Returns how many bytes were written, which may be fewer. */
    async writev(chunks: readonly Uint8Array[]): Promise<number> {
      const { bytesWritten } = await handle.writev(chunks, position);
      if (position !== undefined) position += bytesWritten;
      return bytesWritten;
    },
    /** Reads up to `maxBytes` from a position, in bytes; empty at the end. */
    async read(from: number, maxBytes: number): Promise<Uint8Array> {
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(maxBytes), 0, maxBytes, from);
      return buffer.subarray(0, bytesRead);
    },
    async empty(): Promise<void> {
      await handle.truncate(0);
      position = 0;
    },
    chmod: (mode: number) => handle.chmod(mode),
    /** Sets the modification time, in milliseconds since the epoch. */
    setTime: (modifiedMs: number) => handle.utimes(modifiedMs / 1000, modifiedMs / 1000),
    /** The file's identity, as `look` returns it, whatever its name is now. */
    async identify(): Promise<string> {
      const { dev, ino } = await handle.stat({ bigint: true });
      return `${dev}:${ino}`;
    },
    sync: () => handle.sync(),
    close: () => handle.close(),
  };
}
