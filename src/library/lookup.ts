/** Asks the listing for the size and name of given videos. */
import { type ListingContext, libraryRows } from './pages.ts';
import type { LibraryRow } from './row.ts';

/** As many videos as one request may name and one page can hold. */
const MOST_AT_ONCE = 200;

/** The rows of those videos that the library lists, by video_no. */
export async function lookUp(
  listing: ListingContext,
  videoNos: readonly string[],
): Promise<Map<string, LibraryRow>> {
  const found = new Map<string, LibraryRow>();
  for (let start = 0; start < videoNos.length; start += MOST_AT_ONCE) {
    const wanted = new Set(videoNos.slice(start, start + MOST_AT_ONCE));
    const [only] = wanted;
    const filters = wanted.size === 1 ? { video_no: only } : { video_nos: [...wanted] };
    for await (const row of libraryRows(listing, filters)) {
      if (wanted.delete(row.videoNo)) found.set(row.videoNo, row);
      if (wanted.size === 0) break;
    }
  }
  return found;
}
