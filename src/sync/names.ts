/** Gives each video of a library a name that no other has, and the same one at every run. Pure. */
import type { LibraryRow } from '../library/row.ts';
import { safeStem, type Template } from './template.ts';

/**
 * The name, without extension, of every row. A video that is recorded keeps its recorded name. Among the others
 * the oldest comes first, so that a later upload of the same name never takes over a name: it gets its id added.
 * Names that differ only in case or in Unicode form count as the same, as they do on macOS and Windows.
 * @param recorded the names, without extension, of recorded videos, by video_no
 */
export function assignNames(
  rows: readonly LibraryRow[],
  template: Template,
  recorded: ReadonlyMap<string, string>,
): Map<string, string> {
  const names = new Map<string, string>();
  const taken = new Set([...recorded.values()].map(folded));
  for (const row of [...rows].sort(byAge)) {
    const known = recorded.get(row.videoNo);
    const name = known ?? free(template(row), row.videoNo, taken);
    taken.add(folded(name));
    names.set(row.videoNo, name);
  }
  return names;
}

function free(name: string, videoNo: string, taken: ReadonlySet<string>): string {
  if (!taken.has(folded(name))) return name;
  const withId = `${name} ${safeStem(videoNo)}`;
  let candidate = withId;
  for (let number = 2; taken.has(folded(candidate)); number += 1) candidate = `${withId} ${number}`;
  return candidate;
}

/** A name as the least discerning file system tells it from others. */
function folded(name: string): string {
  return name.normalize('NFKC').toUpperCase().toLowerCase();
}

function byAge(a: LibraryRow, b: LibraryRow): number {
  // Whose age is not known must not take a name from a video that has had it.
  const [ageA, ageB] = [a, b].map((row) => row.createdMs ?? Number.MAX_VALUE) as [number, number];
  return ageA - ageB || (a.videoNo < b.videoNo ? -1 : 1);
}
