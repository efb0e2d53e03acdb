/** Lists the library: its videos page by page, its scopes and its folders. */
import type { Client } from '../api/client.ts';
import { RetryState } from '../api/retry.ts';
import { LIST_RATE } from '../api/session.ts';
import { MaviError, NetworkError, RefusedError } from '../errors.ts';
import { type Clock, type Host, sleep } from '../host.ts';
import { retryingText } from '../progress/text.ts';
import { printable } from '../sanitize.ts';
import type { Settings } from '../settings/settings.ts';
import { nameMatcher } from './match.ts';
import type { LibraryQuery } from './plan.ts';
import { type LibraryRow, readNumber, readRow } from './row.ts';

/** The largest page that the API gives, which is also the most videos that one request may name. */
const PAGE_SIZE = 200;

/** How long a listing goes on before it says how far it is, and how often from then on, in milliseconds. */
const NOTE_EVERY_MS = 5000;

/** A listing this long never ends: a server makes rows up, and memory is not endless. */
const MOST_ROWS = 2_000_000;

/** Everything in one scope. */
export const WHOLE_LIBRARY: LibraryQuery = {
  scopes: [],
  filters: {},
  patterns: [],
  limit: Number.POSITIVE_INFINITY,
};

/** Who asks for a listing. */
export interface ListingContext {
  readonly client: Client;
  readonly settings: Settings;
  readonly host: Host;
  /** Shows a line: a warning, what a listing waits for, or how far it is. */
  readonly note: (text: string) => void;
}

/** The videos of a query as they come, and whether those are all. */
export interface Listing {
  readonly rows: AsyncIterable<LibraryRow>;
  /** Once the rows have ended: the error of a listing that the server ended early; null if it was complete. */
  incomplete: NetworkError | null;
}

/** Which rows of a listing have come so far. */
interface Progress {
  readonly seen: Set<string>;
  unusable: number;
}

/**
 * Lists the videos of a query, newest first in each scope, each video once. Ends with a warning if rows could
 * not be used, and with another if the server ended the listing early. Throws what ends a listing for good.
 */
export function listVideos(context: ListingContext, query: LibraryQuery): Listing {
  const listing = { rows: follow(), incomplete: null as NetworkError | null };
  return listing;

  async function* follow(): AsyncGenerator<LibraryRow> {
    const fits = nameMatcher(query.patterns);
    const before = new Set<string>();
    let [given, unusable] = [0, 0];
    for (const scope of await scopesOf(context, query)) {
      const progress: Progress = { seen: new Set(), unusable: 0 };
      for await (const row of scopeRows(context.host.clock, scope, query, progress)) {
        // A server may ignore the scope, so that every scope lists the whole account.
        if (before.has(row.videoNo) || !fits(row.name)) continue;
        yield row;
        given += 1;
        if (given >= query.limit) break;
      }
      unusable += progress.unusable;
      if (given >= query.limit) break;
      for (const videoNo of progress.seen) before.add(videoNo);
    }
    if (unusable > 0)
      context.note(`${videosText(unusable)} left out: no valid video ID, or malformed fields`);
  }

  /** Follows the pages of one scope. The end is where `total_count` rows have come or a page is empty, never a short page. */
  async function* scopeRows(
    clock: Clock,
    scope: string,
    { filters, limit, patterns }: LibraryQuery,
    progress: Progress,
  ): AsyncGenerator<LibraryRow> {
    const size = patterns.length > 0 ? PAGE_SIZE : Math.min(PAGE_SIZE, limit);
    // An upload meanwhile makes the total grow; what was there at first must come in any case.
    let leastTotal: number | null = null;
    let came = 0;
    let noteAtMs = clock.ticksMs() + NOTE_EVERY_MS;
    for (let page = 1; ; page += 1) {
      const asked = { page, size, unique_id: scope, ...filters };
      const { videos, total } = readPage(await call(context, 'POST', '/list_videos', asked));
      const usedBefore = progress.seen.size + progress.unusable;
      for (const value of videos) {
        const row = readRow(value, scope);
        if (row === null) progress.unusable += 1;
        else if (!progress.seen.has(row.videoNo)) {
          progress.seen.add(row.videoNo);
          yield row;
        }
      }
      came += videos.length;
      if (total !== null) leastTotal = Math.min(leastTotal ?? total, total);
      const used = progress.seen.size + progress.unusable;
      const isOver = videos.length === 0 || (total !== null && came >= total) || used === usedBefore;
      if (isOver || came >= MOST_ROWS) {
        if (used < (leastTotal ?? 0) || came >= MOST_ROWS) endedEarly(scope, used, leastTotal);
        return;
      }
      if (clock.ticksMs() >= noteAtMs) {
        noteAtMs = clock.ticksMs() + NOTE_EVERY_MS;
        context.note(`listing the library: ${used}${total === null ? '' : ` of ${total}`} videos so far`);
      }
    }
  }

  function endedEarly(scope: string, used: number, total: number | null): void {
    const text = `the listing of '${printable(scope)}' ended early: ${used} of ${total ?? 'endless'} videos came`;
    listing.incomplete = new NetworkError('incomplete_listing', text, { hint: 'run the command again' });
    context.note(text);
  }
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
    for await (const row of listVideos(context, { ...WHOLE_LIBRARY, filters }).rows) {
      if (wanted.delete(row.videoNo)) found.set(row.videoNo, row);
      if (wanted.size === 0) break;
    }
  }
  return found;
}

/** The scopes of the account; where the API no longer knows that call, just `default`, if it answers. */
export async function libraryScopes(context: ListingContext): Promise<string[]> {
  try {
    const data = await call(context, 'GET', '/list_unique_ids', undefined);
    const scopes = (data as { unique_ids?: unknown } | null)?.unique_ids;
    return Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === 'string') : [];
  } catch (error) {
    if (!isUnknownRoute(error)) throw error;
    await call(context, 'POST', '/list_videos', { page: 1, size: 1, unique_id: 'default' });
    return ['default'];
  }
}

/** The folders of the account. Their ids are texts, for they may exceed 2^53. */
export async function libraryFolders(context: ListingContext): Promise<{ id: string; name: string }[]> {
  const data = await call(context, 'GET', '/folders', undefined);
  const folders = (data as { folders?: unknown } | null)?.folders;
  return (Array.isArray(folders) ? folders : []).flatMap((folder) => {
    const { folder_id, folder_name } = (folder ?? {}) as Record<string, unknown>;
    const id = String(folder_id);
    return /^-?\d+$/.test(id) ? [{ id, name: typeof folder_name === 'string' ? folder_name : '' }] : [];
  });
}

async function scopesOf(context: ListingContext, { scopes }: LibraryQuery): Promise<Iterable<string>> {
  if (scopes === 'all') return libraryScopes(context);
  return scopes.length === 0 ? [context.settings.uniqueId] : new Set(scopes);
}

/** A call of the listing, with the same retries as a download. */
async function call(
  { client, settings, host, note }: ListingContext,
  method: 'GET' | 'POST',
  path: string,
  body: unknown,
): Promise<unknown> {
  const retries = new RetryState({ retries: settings.retries, rate: LIST_RATE });
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await client.call(method, path, body, host.interrupt);
    } catch (error) {
      if (!(error instanceof MaviError)) throw error;
      const { clock, random, interrupt } = host;
      const moment = { nowMs: clock.nowMs(), ticksMs: clock.ticksMs(), random: random() };
      const decision = retries.decide(error, moment);
      if (decision.kind === 'final') throw decision.error;
      note(`listing failed: ${error.message}; ${retryingText(decision.delayMs, attempt + 1)}`);
      await sleep(clock, decision.delayMs, interrupt);
    }
  }
}

function readPage(data: unknown): { videos: readonly unknown[]; total: number | null } {
  const page = data as { videos?: unknown; total_count?: unknown } | null | undefined;
  if (!Array.isArray(page?.videos)) {
    throw new RefusedError('bad_json', 'the listing contains no list of videos', {
      hint: 'check --base-url, and whether a proxy answers instead of the API',
    });
  }
  return { videos: page.videos, total: readNumber(page.total_count) };
}

/** How the API says that it has no such call: a real 404, or `0001` with Spring's words. */
function isUnknownRoute(error: unknown): boolean {
  return (
    error instanceof RefusedError &&
    (error.code === 'http_404' || error.code === '404' || /no static resource/i.test(error.message))
  );
}

/** Why videos with a status other than `PARSE` are not downloaded; a status that is not known is not ready. */
export function notReadyText(status: string, count: number): string {
  if (status === 'UNPARSE') return `${videosText(count)} still being indexed; skipped for now`;
  return `${videosText(count)} not ready (status ${printable(status) || 'missing'}); skipped for now`;
}

/** `1 video`, `3 videos`. */
export function videosText(count: number): string {
  return `${count} ${count === 1 ? 'video' : 'videos'}`;
}
