/** Follows the pages of the library's listing to the end. */
import type { Client } from '../api/client.ts';
import { decide } from '../api/retry.ts';
import { MaviError, RefusedError } from '../errors.ts';
import { type Host, sleep } from '../host.ts';
import type { Settings } from '../settings/settings.ts';
import { type LibraryRow, readNumber, readRow } from './row.ts';

/** The largest page that the API gives. */
const PAGE_SIZE = 200;

/** What narrows a listing, by the API's own names. */
export type Filters = Readonly<Record<string, unknown>>;

/**
 * All rows, newest first, each video once. An upload meanwhile shifts rows, and a server may give smaller
 * pages than asked for: so duplicates are dropped, and the end is where `total_count` rows have come or a page
 * is empty, never a short page.
 * @param mostRows ends after so many
 */
export async function* libraryRows(
  client: Client,
  settings: Settings,
  filters: Filters,
  host: Host,
  mostRows = Number.POSITIVE_INFINITY,
): AsyncGenerator<LibraryRow> {
  const seen = new Set<string>();
  let came = 0;
  for (let page = 1; seen.size < mostRows; page += 1) {
    const body = { page, size: Math.min(PAGE_SIZE, mostRows), unique_id: settings.uniqueId, ...filters };
    const data = await callWithRetries(client, 'POST', '/list_videos', body, settings, host);
    const { videos, total } = readPage(data);
    for (const value of videos) {
      const row = readRow(value);
      if (row === null || seen.has(row.videoNo) || seen.size >= mostRows) continue;
      seen.add(row.videoNo);
      yield row;
    }
    came += videos.length;
    if (videos.length === 0 || (total !== null && came >= total)) return;
  }
}

/** The scopes of the account; where the API does not know that call any more, just `default`, if it answers. */
export async function libraryScopes(client: Client, settings: Settings, host: Host): Promise<string[]> {
  try {
    const data = await callWithRetries(client, 'GET', '/list_unique_ids', undefined, settings, host);
    const scopes = (data as { unique_ids?: unknown } | null)?.unique_ids;
    return Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === 'string') : [];
  } catch (error) {
    if (!isUnknownRoute(error)) throw error;
    const body = { page: 1, size: 1, unique_id: 'default' };
    await callWithRetries(client, 'POST', '/list_videos', body, settings, host);
    return ['default'];
  }
}

/** A call of the listing with the same retries as a download. */
async function callWithRetries(
  client: Client,
  method: 'GET' | 'POST',
  path: string,
  body: unknown,
  settings: Settings,
  host: Host,
): Promise<unknown> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await client.call(method, path, body, host.interrupt);
    } catch (error) {
      if (!(error instanceof MaviError)) throw error;
      const tries = { failures, retries: settings.retries, cutLengths: [] };
      const decision = decide(error, tries, host.random(), host.clock.nowMs());
      if (decision.kind === 'final') throw decision.error;
      await sleep(host.clock, decision.delayMs, host.interrupt);
    }
  }
}

function readPage(data: unknown): { videos: readonly unknown[]; total: number | null } {
  const page = data as { videos?: unknown; total_count?: unknown } | null | undefined;
  if (!Array.isArray(page?.videos)) {
    throw new RefusedError('bad_json', 'the listing is no list of videos', {
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
