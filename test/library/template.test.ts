import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { readTemplate } from '../../src/library/names.ts';
import { readRow } from '../../src/library/row.ts';

function named(
  template: string,
  name: string,
  createdMs: number | null = Date.UTC(2025, 9, 4, 23, 59),
): string {
  const fields = { video_no: 'VI625239098370850816', video_name: name, create_time: createdMs };
  return readTemplate(template)(readRow(fields, 'default') ?? expect.fail('no row'));
}

describe('a name template', () => {
  it.each([
    ['{video_no}', 'walk', 'VI625239098370850816'],
    ['{create_date} {video_name}', 'walk', '2025-10-04 walk'],
    ['{video_name}{video_name}', 'a', 'aa'],
    ['{video_name}', 'holiday.mp4', 'holiday'],
    ['{video_name}', 'holiday.MKV', 'holiday'],
    ['{video_name}', 'notes v1.2', 'notes v1.2'],
    ['{video_name}', '', 'VI625239098370850816'],
    ['{video_name}', '\u200b\u202e', 'VI625239098370850816'],
    ['{video_name}', '../../etc/passwd', '__.._etc_passwd'],
    ['{video_name}', '..', '_'],
    ['{video_name}', 'a/b\\c:d*e?f"g<h>i|j', 'a_b_c_d_e_f_g_h_i_j'],
    ['{video_name}', 'CON', 'CON_'],
    ['{video_name}', 'con   x', 'con_   x'],
    ['{video_name}', 'LPT9 .txt', 'LPT9_ .txt'],
    ['{video_name}', 'com1.mp4', 'com1_'],
    ['{video_name}', 'aux.notes', 'aux_.notes'],
    ['{video_name}', 'LPT³', 'LPT³_'],
    ['{video_name}', 'conin$', 'conin$_'],
    ['{video_name}', 'console', 'console'],
    ['{video_name}', 'ends with dots...', 'ends with dots_'],
    ['{video_name}', '.hidden', '_hidden'],
    ['{video_name}', '-rf', '_rf'],
    ['{create_date}/{video_name}', 'a/b', '2025-10-04/a_b'],
    ['{video_name}/{video_no}', '..', '_/VI625239098370850816'],
    ['x/{video_name}', '\u200b', 'x/VI625239098370850816'],
    ['{tag} {taken_date}', 'walk', 'untagged undated'],
    ['{video_name}', 'red \u001b[31mtext', 'red [31mtext'],
    ['{video_name}', 'Lake 🌊 | day 1', 'Lake 🌊 _ day 1'],
    ['{video_name}', 'e\u0301', '\u00e9'],
    ['{video_name}', 'half \ud83d', 'half _'],
    ['{video_name}', '$& $1 {video_no}', '$& $1 {video_no}'],
  ])('%s turns "%s" into the name "%s"', (template, name, expected) => {
    expect(named(template, name)).toBe(expected);
  });

  it('says so if there is no date', () => {
    expect(named('{create_date}', 'walk', null)).toBe('undated');
    expect(named('{create_date}', 'walk', 1e300)).toBe('undated');
    // Microseconds in place of milliseconds.
    expect(named('{create_date}', 'walk', 1_759_536_000_000_000)).toBe('undated');
  });

  it('cuts long names between characters, with room for an ID and an extension', () => {
    for (const name of ['x'.repeat(400), 'é'.repeat(400), '🌊'.repeat(400), `a${'山'.repeat(400)}`]) {
      const made = named('{video_name}', name);
      expect(name.startsWith(made)).toBe(true);
      expect(Buffer.byteLength(made)).toBeGreaterThan(170);
      expect(Buffer.byteLength(`${made} ${'V'.repeat(64)} 10.webm`)).toBeLessThanOrEqual(255);
    }
  });

  it.each([
    ['{nope}', 'has no field {nope}'],
    ['{}', 'has no field {}'],
    ['{constructor}', 'has no field {constructor}'],
    ['{toString} {video_no}', 'has no field {toString}'],
    ['video', 'gives every video the same name'],
    ['', 'gives every video the same name'],
    ['{video_no', 'gives every video the same name'],
    ['..\\{video_no}', 'takes a file name, with / for subfolders'],
    ['/{video_no}', 'takes a file name, with / for subfolders'],
    ['../{video_no}', 'takes a file name, with / for subfolders'],
    ['{tag}/ .. /{video_no}', 'takes a file name, with / for subfolders'],
    ['{tag}//{video_no}', 'takes a file name, with / for subfolders'],
    ['{video_no}/', 'takes a file name, with / for subfolders'],
  ])('%s is refused: it %s', (template, words) => {
    expect(() => readTemplate(template)).toThrow(UsageError);
    expect(() => readTemplate(template)).toThrow(words);
  });
});
