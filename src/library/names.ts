/** Names files after videos: by a template, safe on every platform, no two the same. Pure. */
import sanitize from 'sanitize-filename';
import { UsageError } from '../errors.ts';
import { EXTENSIONS } from '../isobmff/signature.ts';
import { printable } from '../sanitize.ts';
import { folded } from './query.ts';
import { dateOf, type LibraryRow } from './row.ts';

/** A checked template: maps a row to the path of its file below the folder, with `/`, without an extension. */
export type Template = (row: LibraryRow) => string;

const FIELDS: Readonly<Record<string, (row: LibraryRow) => string>> = {
  video_no: (row) => row.videoNo,
  video_name: ({ listed }) => withoutExtension(listed.video_name ?? ''),
  create_date: ({ listed }) => dateOf(listed.create_time) ?? 'undated',
  taken_date: ({ listed }) => dateOf(listed.datetime_taken) ?? 'undated',
  tag: (row) => row.tag ?? 'untagged',
};

/** Room, in bytes of UTF-8, for what may follow a name: a video_no and a number against collisions, an extension. */
const LONGEST_STEM = 255 - 80;

/** Devices of Windows: reserved whatever extension, and even whatever words, follow them. */
const DEVICE = /^(?:con|prn|aux|nul|(?:com|lpt)[0-9\u00b9\u00b2\u00b3]|conin\$|conout\$)(?=$|[\s.:])/i;

/** Reads a template. Throws UsageError for an unknown field, or a path that could leave the folder. */
export function readTemplate(text: string): Template {
  const refused = (why: string, hint: string) => new UsageError(`--name-template ${why}`, { hint });
  const names = [...text.matchAll(/\{([^{}]*)\}/g)].map(([, name = '']) => name);
  const unknown = names.find((name) => !Object.hasOwn(FIELDS, name));
  const available = Object.keys(FIELDS).map((name) => `{${name}}`);
  if (unknown !== undefined) throw refused(`has no field {${unknown}}`, `available: ${available.join(', ')}`);
  if (names.length === 0) {
    throw refused('gives every video the same name', 'use a field in it, such as {video_no}');
  }
  const parts = text.split('/');
  if (text.includes('\\') || parts.some((part) => /^\s*\.{0,2}\s*$/.test(part))) {
    const hint = `for example '{create_date}/{video_name}'; not \\, .. or a path from the root`;
    throw refused('takes a file name, with / for subfolders', hint);
  }
  const fill = (part: string, row: LibraryRow): string =>
    part.replace(/\{([^{}]+)\}/g, (_field, name: string) => FIELDS[name]?.(row) ?? '');
  return (row) => parts.map((part) => safeStem(fill(part, row)) || safeStem(row.videoNo)).join('/');
}

/** A name without what Windows, macOS or Linux refuse, and without what hides it or reorders its letters. */
function safeStem(name: string): string {
  const shown = printable(name.replace(/\p{Cs}/gu, '_').normalize('NFC'));
  const clean = sanitize(shown.replace(DEVICE, '$&_'), { replacement: '_' })
    .replace(/^(?:\.+|-)/, '_')
    .replace(DEVICE, '$&_');
  let [stem, bytes] = ['', 0];
  for (const character of clean) {
    bytes += Buffer.byteLength(character);
    if (bytes > LONGEST_STEM) break;
    stem += character;
  }
  return stem.replace(/[. ]+$/, '').trim();
}

/** The name of every row, by video_no. A recorded video keeps its name; a taken name gets the video's ID added. */
export function assignNames(
  rows: readonly LibraryRow[],
  template: Template,
  recorded: ReadonlyMap<string, string> = new Map(),
): Map<string, string> {
  const names = new Map<string, string>();
  const taken = new Set([...recorded.values()].map(folded));
  // The oldest first, so that a later upload never takes over a name.
  for (const row of [...rows].sort(byAge)) {
    const name = recorded.get(row.videoNo) ?? free(template(row), row.videoNo, taken);
    taken.add(folded(name));
    names.set(row.videoNo, name);
  }
  return names;
}

function free(name: string, videoNo: string, taken: ReadonlySet<string>): string {
  let candidate = name;
  for (let number = 1; taken.has(folded(candidate)); number += 1) {
    candidate = number === 1 ? `${name} ${videoNo}` : `${name} ${videoNo} ${number}`;
  }
  return candidate;
}

function byAge(a: LibraryRow, b: LibraryRow): number {
  // A video of unknown age must not take a name from a video that has had it.
  const age = (a.listed.create_time ?? Number.MAX_VALUE) - (b.listed.create_time ?? Number.MAX_VALUE);
  return age || (a.videoNo < b.videoNo ? -1 : 1);
}

/** A name without the extension of a video. */
export function withoutExtension(name: string): string {
  const lower = name.toLowerCase();
  const extension = Object.values(EXTENSIONS).find((each) => lower.endsWith(each));
  return extension === undefined ? name : name.slice(0, -extension.length);
}
