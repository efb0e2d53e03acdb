/** The calls of the file system that writing a video takes, so that a test can make each of them fail. */
import { link, lstat, open, readdir, rename, unlink } from 'node:fs/promises';
import { flushFolder } from '../folders.ts';
import { codeOf } from '../local-error.ts';

/** What is known of a file without opening it. */
export interface FileFacts {
  /** Equal for two names of the same file. */
  readonly identity: string;
  readonly bytes: number;
  /** When it was last written, in milliseconds since the epoch. */
  readonly modifiedMs: number;
}

/** An open file. */
export interface OpenFile {
  /** Writes the chunks at the current position. Returns how many bytes were taken, which may be fewer. */
  writev(chunks: readonly Uint8Array[]): Promise<number>;
  /** Reads up to `maxBytes` from a position, in bytes; empty at the end. */
  read(position: number, maxBytes: number): Promise<Uint8Array>;
  /** Truncates the file and goes back to its start. */
  empty(): Promise<void>;
  /** Sets the permission bits. */
  chmod(mode: number): Promise<void>;
  /** Sets the modification time, in milliseconds since the epoch. */
  setTime(modifiedMs: number): Promise<void>;
  /** The file's identity, whatever name it has by now. */
  identify(): Promise<string>;
  /** Flushes the file to the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The file system under a sink. Every call throws the system's error. */
export interface FileSystem {
  /** Creates a file that must not exist, for nobody but its owner to read. */
  create(path: string): Promise<OpenFile>;
  /** Opens a device or FIFO for writing. */
  openDevice(path: string): Promise<OpenFile>;
  /** Gives a file a second name, which must be free. */
  link(from: string, to: string): Promise<void>;
  /** Gives a file another name, replacing what has it. */
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** What has that name, a symbolic link itself included; null if nothing has. */
  look(path: string): Promise<FileFacts | null>;
  /** The names in a folder. */
  list(folder: string): Promise<string[]>;
  /** Flushes the names in a folder to the disk, where that can be done. */
  flushFolder(folder: string): Promise<void>;
}

/** The machine's own file system. */
export const diskFileSystem: FileSystem = {
  create: (path) => openFile(path, 'wx+'),
  openDevice: (path) => openFile(path, 'w'),
  link,
  rename,
  unlink,
  flushFolder,
  list: (folder) => readdir(folder),
  async look(path) {
    try {
      const { dev, ino, size, mtimeMs } = await lstat(path, { bigint: true });
      return { identity: `${dev}:${ino}`, bytes: Number(size), modifiedMs: Number(mtimeMs) };
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    }
  },
};

async function openFile(path: string, flags: 'w' | 'wx+'): Promise<OpenFile> {
  const handle = await open(path, flags, 0o600);
  // A FIFO has no positions; a file of ours is written where the last write ended, also after it was emptied.
  let position = flags === 'wx+' ? 0 : undefined;
  return {
    async writev(chunks) {
      const { bytesWritten } = await handle.writev(chunks, position);
      if (position !== undefined) position += bytesWritten;
      return bytesWritten;
    },
    async read(from, maxBytes) {
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(maxBytes), 0, maxBytes, from);
      return buffer.subarray(0, bytesRead);
    },
    async empty() {
      await handle.truncate(0);
      position = 0;
    },
    chmod: (mode) => handle.chmod(mode),
    setTime: (modifiedMs) => handle.utimes(modifiedMs / 1000, modifiedMs / 1000),
    async identify() {
      const { dev, ino } = await handle.stat({ bigint: true });
      return `${dev}:${ino}`;
    },
    sync: () => handle.sync(),
    close: () => handle.close(),
  };
}
