/** File names out of a template, safe on every platform. Pure. */
import sanitize from 'sanitize-filename';
import { UsageError } from '../errors.ts';
import { EXTENSIONS } from '../isobmff/signature.ts';
import type { LibraryRow } from '../library/row.ts';
import { printable } from '../sanitize.ts';

/** A checked template: the name of a file for a row, without its extension. */
export type Template = (row: LibraryRow) => string;

const FIELDS: Readonly<Record<string, (row: LibraryRow) => string>> = {
  video_no: (row) => row.videoNo,
  video_name: (row) => withoutExtension(row.name),
  create_date: (row) => dateOf(row.createdMs),
};

/** Room, in bytes of UTF-8, for what may follow a name: a video_no and a number against collisions, an extension. */
const LONGEST_STEM = 255 - 80;

/** Names of devices that Windows keeps to itself, whatever their extension, and that sanitize does not know. */
const DEVICE = /^(?:(?:com|lpt)[¹²³]|conin\$|conout\$)(?:\..*)?$/i;

/** Reads a template. Throws UsageError for a field that is none, or for a path. */
export function readTemplate(text: string): Template {
  const unknown = [...text.matchAll(/\{([^{}]*)\}/g)]
    .map(([, name = '']) => name)
    .find((name) => !Object.hasOwn(FIELDS, name));
  if (unknown !== undefined) {
    throw new UsageError(`--name-template has no field {${unknown}}`, {
      hint: 'there are: {video_no}, {video_name}, {create_date}',
    });
  }
  if (!/\{[^{}]+\}/.test(text)) {
    throw new UsageError('--name-template names every video the same', {
      hint: 'put a field in it, such as {video_no}',
    });
  }
  if (/[/\\]/.test(text)) {
    throw new UsageError('--name-template takes a file name, not a path', { hint: 'leave out / and \\' });
  }
  return (row) => {
    const name = text.replace(/\{([^{}]+)\}/g, (_field, name: string) => FIELDS[name]?.(row) ?? '');
    return safeStem(name) || safeStem(row.videoNo) || 'video';
  };
}

/** A name without what Windows, macOS or Linux refuse, and without what hides it or reorders its letters. */
export function safeStem(name: string): string {
  const shown = printable(name.replace(/\p{Cs}/gu, '_').normalize('NFC'));
  const clean = sanitize(shown, { replacement: '_' }).replace(/^\.+/, '_').replace(DEVICE, '_');
  const characters = Array.from(clean);
  while (Buffer.byteLength(characters.join('')) > LONGEST_STEM) characters.pop();
  return characters
    .join('')
    .replace(/[. ]+$/, '')
    .trim();
}

function withoutExtension(name: string): string {
  const lower = name.toLowerCase();
  const extension = Object.values(EXTENSIONS).find((each) => lower.endsWith(each));
  return extension === undefined ? name : name.slice(0, -extension.length);
}

function dateOf(ms: number | null): string {
  const date = new Date(ms ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? 'undated' : date.toISOString().slice(0, 10);
}
