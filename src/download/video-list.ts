/** Which videos are named: arguments, and lists with one a line. */
import { readFile } from 'node:fs/promises';
import { text as readText } from 'node:stream/consumers';
import { UsageError } from '../errors.ts';
import { pathFrom } from '../folders.ts';
import { abortable, type Host } from '../host.ts';
import { isVideoNo } from '../library/row.ts';
import { localError } from '../local-error.ts';
import { redactKeys } from '../sanitize.ts';
/** Throws UsageError unless the text can be a video_no: nothing that could name a path. */
export function checkVideoNo(text: string, where: string): string {
  if (!isVideoNo(text)) {
    throw new UsageError(
      // A key that was given by mistake goes before the cut, for half a key is a leak too.
      `'${redactKeys(text).slice(0, 80)}'${where} is no video_no: it takes 1 to 64 of A-Z a-z 0-9 _ -`,
      {
        hint: 'list what there is with: mavi list',
      },
    );
  }
  return text;
}

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
