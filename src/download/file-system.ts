/** The few calls of the file system that the write path makes, so that each can be made to fail in a test. */
import { link, lstat, open, readdir, rename, unlink } from 'node:fs/promises';

/** An open file. */
export interface OpenFile {
  /** Writes the chunks at the current position; answers how many bytes were taken, which may be fewer. */
  writev(chunks: readonly Uint8Array[]): Promise<number>;
  /** Cuts the file to nothing and goes back to its start. */
  empty(): Promise<void>;
  /** Sets the permission bits. */
  chmod(mode: number): Promise<void>;
  /** Flushes the file to the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The file system under a sink. Every call throws the system's error. */
export interface FileSystem {
  /** Creates a file that must not exist. */
  create(path: string): Promise<OpenFile>;
  /** Opens what is there for writing, directly. */
  openDevice(path: string): Promise<OpenFile>;
  /** Gives a file a second name, which must be free. */
  link(from: string, to: string): Promise<void>;
  /** Gives a file another name, replacing what has it. */
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Whether anything has that name. */
  exists(path: string): Promise<boolean>;
  /** The names in a folder. */
  list(folder: string): Promise<string[]>;
}

/** The machine's own file system. */
export const diskFileSystem: FileSystem = {
  create: (path) => openFile(path, 'wx'),
  openDevice: (path) => openFile(path, 'w'),
  link,
  rename,
  unlink,
  list: (folder) => readdir(folder),
  async exists(path) {
    try {
      await lstat(path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  },
};

async function openFile(path: string, flags: 'w' | 'wx'): Promise<OpenFile> {
  const handle = await open(path, flags);
  // A FIFO has no positions; a file of ours is written where the last write ended, also after it was emptied.
  let position = flags === 'wx' ? 0 : undefined;
  return {
    async writev(chunks) {
      const { bytesWritten } = await handle.writev(chunks, position);
      if (position !== undefined) position += bytesWritten;
      return bytesWritten;
    },
    async empty() {
      await handle.truncate(0);
      position = 0;
    },
    chmod: (mode) => handle.chmod(mode),
    sync: () => handle.sync(),
    close: () => handle.close(),
  };
}
