import { execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Makes a FIFO. */
export function makeFifo(path: string): void {
  execFileSync('mkfifo', [path]);
}

/** Makes a FIFO that holds all it can, so that whoever writes to it waits for as long as the handle is open. */
export async function fullFifo(path: string): Promise<FileHandle> {
  makeFifo(path);
  const handle = await open(path, constants.O_RDWR | constants.O_NONBLOCK);
  const chunk = Buffer.alloc(4096);
  try {
    for (;;) await handle.write(chunk);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  }
  return handle;
}

/** A pipe whose reader has gone, made of a FIFO at the path: the end to write to. */
export async function closedPipe(path: string): Promise<FileHandle> {
  makeFifo(path);
  const reader = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = await open(path, constants.O_WRONLY);
  await reader.close();
  return writer;
}
