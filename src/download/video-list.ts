/** Which videos are meant: by IDs, one a line in a file, or by filters of the library. */
import { readFile } from 'node:fs/promises';
import { text as readText } from 'node:stream/consumers';
import { type NetworkError, UsageError } from '../errors.ts';
import { pathFrom } from '../folders.ts';
import { abortable, type Host } from '../host.ts';
import { type ListingContext, listVideos, lookUp, notReadyText } from '../library/listing.ts';
import { isVideoNo, type LibraryRow } from '../library/row.ts';
import { localError } from '../local-error.ts';
import { redactKeys } from '../sanitize.ts';
import type { DownloadPlan } from './plan.ts';

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

/** The videos of a run, and what the library tells of them. */
export interface SelectedVideos {
  readonly videoNos: readonly string[];
  readonly rows: ReadonlyMap<string, LibraryRow>;
  /** Named videos that the library was asked for, and does not list. */
  readonly unlisted: readonly string[];
  /** The error of a listing that the server ended early; null if it was complete, or none was needed. */
  readonly incomplete: NetworkError | null;
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
    return { videoNos: named, rows, unlisted, incomplete: null };
  }
  const listing = listVideos(context, query);
  const rows = new Map<string, LibraryRow>();
  const notReady = new Map<string, number>();
  for await (const row of listing.rows) {
    // Who asks for a status wants just those videos, ready or not.
    const isMeant = row.status === 'PARSE' || query.filters.status !== undefined;
    if (isMeant) rows.set(row.videoNo, { ...row, fields: {} });
    else notReady.set(row.status, (notReady.get(row.status) ?? 0) + 1);
  }
  for (const [status, count] of notReady) context.note(notReadyText(status, count));
  return { videoNos: [...rows.keys()], rows, unlisted: [], incomplete: listing.incomplete };
}
