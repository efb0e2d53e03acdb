/** Reads a list of video_nos: one a line, `#` comments and blank lines skipped. */
import { readFile } from 'node:fs/promises';
import { text as readText } from 'node:stream/consumers';
import { pathFrom } from '../folders.ts';
import { abortable, type Host } from '../host.ts';
import { localError } from '../local-error.ts';
import { checkVideoNo } from './video-no.ts';

/** The video_nos of a file; `-` is standard input. Throws UsageError for one that is none, LocalError if unreadable. */
export async function readVideoNos(file: string, host: Host): Promise<string[]> {
  const text = await readWhole(file, host);
  const name = file === '-' ? 'standard input' : file;
  return parseVideoNos(text).map(({ videoNo, line }) => checkVideoNo(videoNo, ` (${name}, line ${line})`));
}

/** The entries of a list, with their line numbers from 1. */
export function parseVideoNos(text: string): { videoNo: string; line: number }[] {
  return text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\n|\r/)
    .map((line, index) => ({ videoNo: line.trim(), line: index + 1 }))
    .filter(({ videoNo }) => videoNo !== '' && !videoNo.startsWith('#'));
}

async function readWhole(file: string, host: Host): Promise<string> {
  try {
    // A file may be a FIFO, which is read for as long as somebody writes.
    const text = file === '-' ? readText(host.stdin.stream) : readFile(pathFrom(host.cwd, file), 'utf8');
    return await abortable(text, host.interrupt);
  } catch (error) {
    throw localError(error, file === '-' ? 'standard input' : file, 'read');
  }
}
