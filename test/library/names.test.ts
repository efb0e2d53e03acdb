import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXTENSIONS } from '../../src/isobmff/signature.ts';
import { assignNames, readTemplate } from '../../src/library/names.ts';
import { type LibraryRow, readRow } from '../../src/library/row.ts';

function row(videoNo: string, name: string, createdMs = 0): LibraryRow {
  return readRow({ video_no: videoNo, video_name: name, create_time: createdMs }, 'default') as LibraryRow;
}

const BY_NAME = readTemplate('{video_name}');
const NONE = new Map<string, string>();

/** Texts that are troublesome as file names, and any others. */
const anyName = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 120 }),
  fc.string({ unit: 'grapheme', maxLength: 400 }),
  fc.constantFrom(
    '',
    '.',
    '..',
    'CON',
    'con.mp4',
    'nul',
    'LPT¹',
    'COM1.x',
    'a/b',
    '..\\..',
    'a.',
    'a ',
    'A',
    'Ａ',
  ),
  fc.constantFrom('clip', 'Clip', 'clip.mp4', 'clip.MOV', 'straße', 'STRASSE', 'e\u0301', '\u00e9', '\ud800'),
);
const anyLibrary = fc
  .array(fc.record({ name: anyName, createdMs: fc.integer({ min: 0, max: 5 }) }), { maxLength: 25 })
  .map((videos) => videos.map(({ name, createdMs }, index) => row(`VI${index}`, name, createdMs)));
const anyTemplate = fc.constantFrom(
  '{video_name}',
  '{create_date} {video_name}',
  '{video_no}',
  'x{video_name}.',
  '{create_date}/{video_name}',
  '{video_name}/{video_name}',
);

/** A name as file systems that ignore case and Unicode form compare it. */
function seen(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

/** Why a file of that name could not be created, or would not be found again; null if it could. */
function fault(file: string): string | null {
  if (Buffer.byteLength(file) > 255) return 'too long';
  if (/[<>:"/\\|?*\u0000-\u001f\u007f-\u009f]/.test(file)) return 'a character that some platform refuses';
  if (/[\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/.test(file))
    return 'a character that hides or reorders';
  if (Buffer.from(file).toString() !== file) return 'half a character';
  if (/^[.-]|[. ]$|^ /.test(file)) return 'begins with a dot, a dash or a space, or ends with one';
  if (/^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])([ .]|$)/i.test(file))
    return 'a device of Windows';
  return null;
}

describe('the names of a library', () => {
  it('are safe on every platform, whatever the videos are called', () => {
    fc.assert(
      fc.property(anyLibrary, anyTemplate, (rows, template) => {
        for (const name of assignNames(rows, readTemplate(template), NONE).values()) {
          for (const part of name.split('/').slice(0, -1)) expect(fault(part), name).toBeNull();
          const file = name.slice(name.lastIndexOf('/') + 1);
          for (const extension of Object.values(EXTENSIONS)) expect(fault(file + extension), name).toBeNull();
        }
      }),
      { numRuns: 300 },
    );
  });

  it('are never the same, even if case and Unicode form do not count', () => {
    fc.assert(
      fc.property(anyLibrary, anyTemplate, (rows, template) => {
        const names = [...assignNames(rows, readTemplate(template), NONE).values()];
        expect(new Set(names.map(seen)).size).toBe(rows.length);
      }),
      { numRuns: 300 },
    );
  });

  it('stay the same when newer videos appear, whatever their names', () => {
    fc.assert(
      fc.property(anyLibrary, fc.array(anyName, { maxLength: 10 }), (rows, newer) => {
        const later = newer.map((name, index) => row(`VJ${index}`, name, 100 + index));
        const before = assignNames(rows, BY_NAME, NONE);
        const after = assignNames([...later, ...rows], BY_NAME, NONE);
        for (const [videoNo, name] of before) expect(after.get(videoNo)).toBe(name);
      }),
      { numRuns: 300 },
    );
  });

  it('do not depend on the order of the listing', () => {
    fc.assert(
      fc.property(anyLibrary, (rows) => {
        expect(assignNames([...rows].reverse(), BY_NAME, NONE)).toEqual(assignNames(rows, BY_NAME, NONE));
      }),
    );
  });

  it('are the recorded ones where they exist, for those videos only', () => {
    fc.assert(
      fc.property(anyLibrary, fc.nat(), (rows, seed) => {
        const recorded = new Map(
          rows
            .filter((_row, index) => (index + seed) % 2 === 0)
            .map(({ videoNo }) => [videoNo, `old ${videoNo}`]),
        );
        const names = assignNames(rows, BY_NAME, recorded);
        for (const [videoNo, name] of recorded) expect(names.get(videoNo)).toBe(name);
        expect(new Set([...names.values()].map(seen)).size).toBe(rows.length);
      }),
    );
  });

  it('get the ID added if an older video has the name', () => {
    const rows = [
      row('VI3', 'Clip.MOV', 3),
      row('VI2', 'clip', 2),
      row('VI1', 'clip.mp4', 1),
      row('VI4', 'clip VI2', 4),
    ];
    expect(Object.fromEntries(assignNames(rows, BY_NAME, NONE))).toEqual({
      VI1: 'clip',
      VI2: 'clip VI2',
      VI3: 'Clip VI3',
      VI4: 'clip VI2 VI4',
    });
  });

  it('are decided by the ID if two are equally old', () => {
    const rows = [row('VI2', 'clip', 7), row('VI1', 'clip', 7)];
    expect(assignNames(rows, BY_NAME, NONE).get('VI1')).toBe('clip');
  });

  it('are not taken from a recorded video that is no longer in the library', () => {
    const names = assignNames([row('VI2', 'clip', 2)], BY_NAME, new Map([['VI1', 'CLIP']]));
    expect(names.get('VI2')).toBe('clip VI2');
  });
});
