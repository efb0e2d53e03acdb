/** Lists the library: its videos page by page, its scopes and its folders. */
import type { Session } from '../api/client.ts';
import { CHECK_BASE_URL } from '../api/network-errors.ts';
import { LIST_RATE } from '../api/rate-limiter.ts';
import { retryDelays } from '../api/retry.ts';
import { type ExitCode, MaviError, RefusedError } from '../errors.ts';
import { type Host, say, sleep } from '../host.ts';
import { retryingText } from '../progress/text.ts';
import { printable } from '../sanitize.ts';
import { type LibraryQuery, nameMatcher } from './query.ts';
import { type LibraryRow, readNumber, readRow } from './row.ts';

/** The largest page of the API, which is also the most videos that one request may name. */
const PAGE_SIZE = 200;

/** How often a long listing reports how far it is, in milliseconds. */
const NOTE_EVERY_MS = 5000;

/** A longer listing never ends: a server makes up rows, and memory is not endless. */
const MOST_ROWS = 1_000_000;

/** What a listing works with. */
export interface ListingContext extends Session {
  readonly host: Host;
  /** Shows a line: a warning, what a listing waits for, or how far it is. */
  readonly note: (text: string) => void;
}

/** Lists the videos of a query, newest first in each scope, each once; notes rows that can't be used. */
export function listVideos(context: ListingContext, query: LibraryQuery) {
  // Once the rows have ended, `incomplete` has a line for each scope whose listing the server ended early.
  const listing = { rows: matchingRows(), incomplete: [] as string[] };
  let unusable = 0;
  return listing;

  async function* matchingRows(): AsyncGenerator<LibraryRow> {
    const matches = nameMatcher(query.patterns);
    // A server may ignore the scope, so that every scope lists the whole account.
    const listed = new Set<string>();
    let yielded = 0;
    try {
      for (const scope of await scopesOf(context, query)) {
        for await (const row of rowsOfScope(scope)) {
          if (listed.has(row.videoNo)) continue;
          listed.add(row.videoNo);
          if (!matches(row.listed.video_name ?? '')) continue;
          yield row;
          yielded += 1;
          if (yielded >= query.limit) return;
        }
      }
    } finally {
      const leftOut = `${videosText(unusable)} left out: no valid video ID, or malformed fields`;
      if (unusable > 0) context.note(leftOut);
    }
  }

  /** The rows of one scope, until all came or a page brings nothing new; a short page need not be the last. */
  async function* rowsOfScope(scope: string): AsyncGenerator<LibraryRow> {
    const { clock } = context.host;
    const size = query.patterns.length > 0 ? PAGE_SIZE : Math.min(PAGE_SIZE, query.limit);
    const seen = new Set<string>();
    // With every repetition, and without: an upload during paging shifts rows to the next page.
    let [received, count] = [0, 0];
    // An upload also makes the total grow; what was listed at first must come in any case.
    let leastTotal = Number.POSITIVE_INFINITY;
    let noteAtMs = clock.ticksMs() + NOTE_EVERY_MS;
    for (let page = 1; ; page += 1) {
      const data = await call(context, '/list_videos', { page, size, unique_id: scope, ...query.filters });
      const videos = listIn(data, 'videos');
      const noList = 'the listing contains no list of videos';
      if (videos === null) throw new RefusedError('bad_json', noList, { hint: CHECK_BASE_URL });
      const total = readNumber(Object(data).total_count);
      const countBefore = count;
      for (const value of videos) {
        const row = readRow(value, scope);
        if (row !== null && seen.has(row.videoNo)) continue;
        count += 1;
        if (row === null) unusable += 1;
        else {
          seen.add(row.videoNo);
          yield row;
        }
      }
      received += videos.length;
      leastTotal = Math.min(leastTotal, total ?? leastTotal);
      const isEndless = received >= MOST_ROWS;
      if (isEndless || count === countBefore || (total !== undefined && received >= total)) {
        const isShort = Number.isFinite(leastTotal) && count < leastTotal;
        if (isEndless || isShort) listing.incomplete.push(incompleteText(scope, count, leastTotal));
        return;
      }
      if (clock.ticksMs() >= noteAtMs) {
        noteAtMs = clock.ticksMs() + NOTE_EVERY_MS;
        const ofTotal = total === undefined ? '' : ` of ${total}`;
        context.note(`listing the library: ${count}${ofTotal} videos so far`);
      }
    }
  }
}

function incompleteText(scope: string, count: number, total: number): string {
  const what = `the listing of '${printable(scope)}'`;
  if (Number.isFinite(total)) return `${what} ended early: received ${count} of ${total} videos`;
  return `${what} does not end; stopped after ${count} videos`;
}

/** All rows of a query, and those that are ready; notes the rows meant that are not. Exit code 6 if incomplete. */
export async function listReady(
  context: ListingContext,
  query: LibraryQuery,
  isMeant: (row: LibraryRow) => boolean = () => true,
): Promise<{ all: readonly LibraryRow[]; ready: readonly LibraryRow[]; exitCode: ExitCode }> {
  const listing = listVideos(context, query);
  const all: LibraryRow[] = [];
  for await (const row of listing.rows) all.push({ ...row, fields: {} });
  // With --quiet too, since it decides the exit code.
  for (const text of listing.incomplete) say(context.host, `mavi: ${text}`);
  const ready: LibraryRow[] = [];
  const notReady = new Map<string, number>();
  for (const row of all.filter(isMeant)) {
    const { status } = row;
    // With a filter by status, that status counts as ready.
    if (status === 'PARSE' || query.filters.status !== undefined) ready.push(row);
    else notReady.set(status, (notReady.get(status) ?? 0) + 1);
  }
  for (const [status, count] of notReady) {
    const other = `not ready (status ${printable(status) || 'missing'})`;
    const why = status === 'UNPARSE' ? 'still being indexed' : other;
    context.note(`${videosText(count)} ${why}; skipped for now`);
  }
  return { all, ready, exitCode: listing.incomplete.length === 0 ? 0 : 6 };
}

/** The rows of those videos that the library lists, by video_no. */
export async function lookUp(
  context: ListingContext,
  videoNos: readonly string[],
): Promise<Map<string, LibraryRow>> {
  const found = new Map<string, LibraryRow>();
  for (let start = 0; start < videoNos.length; start += PAGE_SIZE) {
    const wanted = new Set(videoNos.slice(start, start + PAGE_SIZE));
    const [only] = wanted;
    const filters = wanted.size === 1 ? { video_no: only } : { video_nos: [...wanted] };
    const query: LibraryQuery = { scopes: [], filters, patterns: [], limit: Number.POSITIVE_INFINITY };
    for await (const row of listVideos(context, query).rows) {
      if (wanted.delete(row.videoNo)) found.set(row.videoNo, row);
      if (wanted.size === 0) break;
    }
  }
  return found;
}

/** The scopes of the account; where the API no longer has that call, `default` alone. */
export async function libraryScopes(context: ListingContext): Promise<string[]> {
  try {
    const data = await call(context, '/list_unique_ids');
    return (listIn(data, 'unique_ids') ?? []).filter((scope) => typeof scope === 'string');
  } catch (error) {
    // For a call that it does not have, the API sends a real 404, or `0001` with Spring's words.
    if (!(error instanceof RefusedError)) throw error;
    const isUnknown = ['http_404', '404'].includes(error.code) || /no static resource/i.test(error.message);
    if (!isUnknown) throw error;
    await call(context, '/list_videos', { page: 1, size: 1, unique_id: 'default' });
    return ['default'];
  }
}

/** The folders of the account. Their IDs are texts, because they may exceed 2^53. */
export async function libraryFolders(context: ListingContext) {
  const folders = listIn(await call(context, '/folders'), 'folders') ?? [];
  return folders.flatMap((folder) => {
    const { folder_id, folder_name } = Object(folder) as Record<string, unknown>;
    if (!/^-?\d+$/.test(String(folder_id))) return [];
    const name = typeof folder_name === 'string' ? folder_name : '';
    return [{ folder_id: String(folder_id), folder_name: name }];
  });
}

async function scopesOf(context: ListingContext, { scopes }: LibraryQuery): Promise<Iterable<string>> {
  if (scopes === 'all') return libraryScopes(context);
  return scopes.length === 0 ? [context.settings.uniqueId] : new Set(scopes);
}

/** Sends a call, with the same retries as a download. */
async function call(context: ListingContext, path: string, body?: object): Promise<unknown> {
  const { client, settings, host, note } = context;
  const { clock, random, interrupt } = host;
  const delayAfter = retryDelays({ retries: settings.retries, rate: LIST_RATE });
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await client.call(path, body, interrupt);
    } catch (error) {
      if (!(error instanceof MaviError)) throw error;
      const moment = { nowMs: clock.nowMs(), ticksMs: clock.ticksMs(), random: random() };
      const delayMs = delayAfter(error, moment);
      note(`listing failed: ${error.message}; ${retryingText(delayMs, attempt + 1)}`);
      await sleep(clock, delayMs, interrupt);
    }
  }
}

function listIn(data: unknown, name: string): unknown[] | null {
  const list = Object(data)[name];
  return Array.isArray(list) ? list : null;
}

/** `1 video`, `3 videos`. */
export function videosText(count: number): string {
  return `${count} ${count === 1 ? 'video' : 'videos'}`;
}
