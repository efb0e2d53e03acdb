/** Which videos are meant: by IDs, one a line in a file, or by filters of the library. */
import { readFile } from 'node:fs/promises';
import { buffer as readAll } from 'node:stream/consumers';
import { type ExitCode, UsageError } from '../errors.ts';
import { pathFrom } from '../folders.ts';
import { abortable, type Host } from '../host.ts';
import { type ListingContext, listReady, lookUp } from '../library/listing.ts';
import { isVideoNo, type LibraryRow } from '../library/row.ts';
import { localError } from '../local-error.ts';
import { redactKeys } from '../sanitize.ts';
import type { DownloadPlan } from './plan.ts';

/** White space and quotation marks, which copying brings along. */
const AROUND = /^[\s'"`“”‘’«»]+|[\s'"`“”‘’«»]+$/g;

/** How the API's own IDs look: what to suggest where one stands in a URL, a file name or a list. */
const LIKELY = /VI\d{6,}|PI-[A-Za-z0-9_-]{6,}/g;

/**
 * The video_no that a text is, without white space and quotes around it. Throws UsageError where it is none, so
 * that no ID can name another path.
 * @param where follows the text in the message, such as ` (list.txt, line 3)`
 */
export function readVideoNo(text: string, where: string): string {
  const videoNo = text.replace(AROUND, '');
  if (isVideoNo(videoNo)) return videoNo;
  // A key that was given by mistake is masked before the cut, because half a key is a leak too.
  const shown = `'${redactKeys(videoNo).slice(0, 80)}'${where}`;
  const hidden = /[\p{Cc}\p{Cf}]/u.exec(videoNo)?.[0];
  const visible = videoNo.replace(/[\p{Cc}\p{Cf}]/gu, '');
  if (hidden !== undefined && isVideoNo(visible)) {
    const code = (hidden.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    throw new UsageError(`${shown} contains an invisible character (U+${code})`, {
      hint: `did you mean ${visible}?`,
    });
  }
  const likely = [...new Set(redactKeys(videoNo).match(LIKELY))].filter(isVideoNo).slice(0, 3);
  throw new UsageError(`${shown} is not a video ID (example: VI625239098370850816)`, {
    hint: likely.length === 0 ? 'list your videos with: mavi list' : `did you mean ${likely.join(' ')}?`,
  });
}

/**
 * The video_nos of a file; `-` is standard input. Throws UsageError for a line that is none, LocalError if it
 * can't be read.
 */
export async function readVideoList(file: string, host: Host): Promise<string[]> {
  const name = file === '-' ? 'standard input' : file;
  // A file may be a FIFO, which is read for as long as somebody writes.
  const reading = file === '-' ? readAll(host.stdin.stream) : readFile(pathFrom(host.cwd, file));
  const bytes = await abortable(reading, host.interrupt).catch((error) => {
    throw localError(error, name, 'read');
  });
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16 || (bytes.length > 1 && (bytes[0] === 0) !== (bytes[1] === 0))) {
    throw new UsageError(`${name} is UTF-16, not UTF-8`, {
      hint: 'convert it with: iconv -f UTF-16 -t UTF-8',
    });
  }
  return bytes
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .split(/\r\n|\n|\r/)
    .map((line, index) => ({
      text: line.replace(/(^|\s)#.*$/, '').trim(),
      where: ` (${name}, line ${index + 1})`,
    }))
    .filter(({ text }) => text !== '')
    .map(({ text, where }) => readVideoNo(text, where));
}

/** The videos of a run, and what the library tells of them. */
export interface SelectedVideos {
  readonly videoNos: readonly string[];
  readonly rows: ReadonlyMap<string, LibraryRow>;
  /** Named videos that the library was asked for, and does not list. */
  readonly unlisted: readonly string[];
  /** 6 if the server ended the listing early, else 0. */
  readonly exitCode: ExitCode;
}

/** Selects what the query of a plan lists and is ready, or else the videos named, looked up where the plan needs it. */
export async function selectVideos(
  plan: DownloadPlan,
  named: readonly string[],
  context: ListingContext,
): Promise<SelectedVideos> {
  const { query, lookup, maxTransfer, template, mtime, dryRun } = plan;
  if (query === null) {
    const needsRows = lookup || maxTransfer !== null || template !== null || mtime || dryRun;
    const rows: ReadonlyMap<string, LibraryRow> = needsRows ? await lookUp(context, named) : new Map();
    const unlisted = needsRows ? named.filter((videoNo) => !rows.has(videoNo)) : [];
    return { videoNos: named, rows, unlisted, exitCode: 0 };
  }
  const { ready, exitCode } = await listReady(context, query);
  const rows = new Map(ready.map((row) => [row.videoNo, row]));
  return { videoNos: [...rows.keys()], rows, unlisted: [], exitCode };
}
