/** Follows the pages of the library's listing to the end. */
import type { Client } from '../api/client.ts';
import { decide } from '../api/retry.ts';
import { MaviError, RefusedError } from '../errors.ts';
import { type Host, sleep } from '../host.ts';
import { retryingText } from '../progress/text.ts';
import type { Settings } from '../settings/settings.ts';
import { type LibraryRow, readNumber, readRow } from './row.ts';

/** The largest page that the API gives. */
const PAGE_SIZE = 200;

/** How long a listing goes on before it is said how far it is, and how often from then on, in milliseconds. */
const NOTE_EVERY_MS = 5000;

/** What narrows a listing, by the API's own names. */
export type Filters = Readonly<Record<string, unknown>>;

/** Who asks for a listing. */
export interface ListingContext {
  readonly client: Client;
  readonly settings: Settings;
  readonly host: Host;
  /** Told, in a line, what a listing waits for or how far it is. */
  readonly note: (text: string) => void;
}

/**
 * All rows, newest first, each video once. An upload meanwhile shifts rows, and a server may give smaller
 * pages than asked for: so duplicates are dropped, and the end is where `total_count` rows have come or a page
 * is empty, never a short page.
 * @param mostRows ends after so many
 */
export async function* libraryRows(
  listing: ListingContext,
  filters: Filters = {},
  mostRows = Number.POSITIVE_INFINITY,
): AsyncGenerator<LibraryRow> {
  const { clock } = listing.host;
  const seen = new Set<string>();
  let came = 0;
  let noteAtMs = clock.ticksMs() + NOTE_EVERY_MS;
  for (let page = 1; seen.size < mostRows; page += 1) {
    const size = Math.min(PAGE_SIZE, mostRows);
    const body = { page, size, unique_id: listing.settings.uniqueId, ...filters };
    const { videos, total } = readPage(await callWithRetries(listing, 'POST', '/list_videos', body));
    const seenBefore = seen.size;
    for (const value of videos) {
      const row = readRow(value);
      if (row === null || seen.has(row.videoNo) || seen.size >= mostRows) continue;
      seen.add(row.videoNo);
      yield row;
    }
    came += videos.length;
    // A server that knows neither totals nor pages would give the same rows for ever.
    const over = total === null ? seen.size === seenBefore : came >= total;
    if (videos.length === 0 || over) return;
    if (clock.ticksMs() >= noteAtMs) {
      noteAtMs = clock.ticksMs() + NOTE_EVERY_MS;
      listing.note(`listing the library: ${seen.size}${total === null ? '' : ` of ${total}`} videos so far`);
    }
  }
}

/** The scopes of the account; where the API does not know that call any more, just `default`, if it answers. */
export async function libraryScopes(listing: ListingContext): Promise<string[]> {
  try {
    const data = await callWithRetries(listing, 'GET', '/list_unique_ids', undefined);
    const scopes = (data as { unique_ids?: unknown } | null)?.unique_ids;
    return Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === 'string') : [];
  } catch (error) {
    if (!isUnknownRoute(error)) throw error;
    await callWithRetries(listing, 'POST', '/list_videos', { page: 1, size: 1, unique_id: 'default' });
    return ['default'];
  }
}

/** A call of the listing with the same retries as a download. */
async function callWithRetries(
  { client, settings, host, note }: ListingContext,
  method: 'GET' | 'POST',
  path: string,
  body: unknown,
): Promise<unknown> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await client.call(method, path, body, host.interrupt);
    } catch (error) {
      if (!(error instanceof MaviError)) throw error;
      const tries = { failures, retries: settings.retries, cutLengths: [] };
      const decision = decide(error, tries, host.random(), host.clock.nowMs());
      if (decision.kind === 'final') throw decision.error;
      note(`the listing: ${error.message}; ${retryingText(decision.delayMs, failures + 1)}`);
      await sleep(host.clock, decision.delayMs, host.interrupt);
    }
  }
}

function readPage(data: unknown): { videos: readonly unknown[]; total: number | null } {
  const page = data as { videos?: unknown; total_count?: unknown } | null | undefined;
  if (!Array.isArray(page?.videos)) {
    throw new RefusedError('bad_json', 'the listing holds no list of videos', {
      hint: 'check --base-url, and whether a proxy stands between',
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
