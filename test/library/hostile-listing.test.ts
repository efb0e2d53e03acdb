import { existsSync } from 'node:fs';
import { join } from 'node:path';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli.ts';
import { closesAfter, type FakeHost, type FakeHostOptions, fakeHost } from '../helpers/fake-host.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { type Asked, listingServer, rows } from './listing-server.ts';

interface Ran {
  readonly code: number;
  readonly lines: readonly string[];
  readonly errors: string;
  readonly host: FakeHost;
}

async function mavi(
  args: readonly string[],
  data: (asked: Asked) => unknown,
  options: Partial<FakeHostOptions> = {},
): Promise<Ran> {
  const { env } = await listingServer(data);
  const host = fakeHost({ cwd: tempDir(), ...options, env: { ...env, LANG: 'C.UTF-8', NO_COLOR: '1' } });
  const code = await run(args, host);
  return { code, lines: host.output().toString().split('\n').slice(0, -1), errors: host.errors(), host };
}

describe('a listing that the server ends early', () => {
  const early: [string, (asked: Asked) => unknown][] = [
    ['by an empty page', ({ page }) => ({ videos: page === 1 ? rows(200) : [], total_count: 5000 })],
    ['by sending the same page again', () => ({ videos: rows(200), total_count: 5000 })],
    ['by sending one page twice and counting both', () => ({ videos: rows(200), total_count: 400 })],
  ];
  it.each(early)(
    '%s: what was received is listed, with a warning that names both counts',
    async (_title, data) => {
      const total = (data({ url: '', page: 1, text: '' }) as { total_count: number }).total_count;
      const { code, lines, errors } = await mavi(['list', '--ids'], data);
      expect(code).toBe(0);
      expect(lines).toHaveLength(200);
      expect(errors).toBe(`mavi: the listing of 'default' ended early: received 200 of ${total} videos\n`);
    },
  );

  it.each(early)('%s: a sync downloads what was listed and exits with 6', async (_title, data) => {
    const { code, lines, errors } = await mavi(['sync', 'lib', '--dry-run', '--quiet'], data);
    expect(code).toBe(6);
    expect(lines).toHaveLength(203);
    expect(errors).toContain('ended early: received 200 of');
  });

  it('is named for each scope', async () => {
    const data = ({ page }: Asked): unknown => ({ videos: page === 1 ? rows(2) : [], total_count: 3 });
    const scopes = ['-u', 'a', '-u', 'b'];
    const ended = ['a', 'b'].map(
      (scope) => `mavi: the listing of '${scope}' ended early: received 2 of 3 videos\n`,
    );
    const listed = await mavi(['list', '--ids', ...scopes], data);
    expect(listed.errors).toBe(ended.join(''));
    const synced = await mavi(['sync', 'lib', '--dry-run', '--quiet', ...scopes], data);
    expect([synced.code, synced.errors]).toEqual([6, ended.join('')]);
  });

  it('is complete if an upload shifts the rows and the total grows', async () => {
    const data = ({ page }: Asked): unknown => {
      const videos = page === 1 ? rows(200, 100) : [...rows(1, 299), ...rows(50, 300)];
      return { videos, total_count: page === 1 ? 250 : 251 };
    };
    const { code, lines, errors } = await mavi(['list', '--ids'], data);
    expect([code, lines.length, errors]).toEqual([0, 250, '']);
  });

  it('is complete if two scopes list the same videos', async () => {
    const data = (): unknown => ({ videos: rows(3), total_count: '3' });
    const { code, lines, errors } = await mavi(['list', '--ids', '-u', 'a', '-u', 'b'], data);
    expect([code, lines.length, errors]).toEqual([0, 3, '']);
  });
});

describe('rows that cannot be used', () => {
  const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`;
  const bad = [
    ...['--manifest=.bashrc', '-a/etc/hostname', '../../x', '', 'x'.repeat(65), 'VI1\n', 'VI\u001b[2J'].map(
      (video_no) => JSON.stringify({ video_no, status: 'PARSE' }),
    ),
    'null',
    '7',
    '[]',
    '{}',
    `{"video_no":"VI1","tags":${deep}}`,
    `{"video_no":"VI2","status":"PARSE","other":{"a":${deep}}}`,
  ];
  const good = JSON.stringify(rows(2)).slice(1, -1);
  const data = (): string => `{"videos":[${bad.join(',')},${good}],"total_count":${bad.length + 2}}`;

  it.each([[['list', '--ids']], [['list', '--json']], [['list']], [['sync', 'lib', '--dry-run', '--json']]])(
    'are left out by %j, with one warning',
    async (args) => {
      const { code, lines, errors } = await mavi(args, data);
      expect(code).toBe(0);
      expect(errors).toBe(`mavi: ${bad.length} videos left out: no valid video ID, or malformed fields\n`);
      const listed = lines.filter((line) => line.includes('VI0000'));
      expect(listed).toHaveLength(2);
      expect(lines.join()).not.toMatch(/bashrc|hostname|\.\.\/|x{65}/);
    },
  );
});

describe('rows of any size', () => {
  it.each([
    ['of plain letters', 'x'.repeat(400_000)],
    ['of wide letters', '山'.repeat(400_000)],
    ['of accents on one letter', `e${'\u0301'.repeat(400_000)}`],
    ['of joined emoji', '👩‍'.repeat(200_000)],
    ['of invisible characters', '\u200b'.repeat(400_000)],
  ])('with a name %s are cut to fit a terminal', async (_title, name) => {
    const data = (): unknown => ({
      videos: rows(3, 0, { video_name: name, status: name }),
      total_count: 3,
    });
    const { code, lines } = await mavi(['list'], data, { stdoutIsTTY: true, columns: 80 });
    expect(code).toBe(0);
    expect(lines).toHaveLength(5);
    for (const line of lines) expect(stringWidth(line)).toBeLessThan(80);
  });

  it.each([[['list', '--ids']], [['list', '--json']], [['list']]])(
    'without end are printed as they come: %j ends when its reader goes',
    async (args) => {
      let pages = 0;
      const data = ({ page }: Asked): unknown => {
        pages += 1;
        return { videos: rows(2000, page * 2000, { video_name: 'x'.repeat(2000) }) };
      };
      const { code, errors } = await mavi(args, data, { writeOut: closesAfter(50_000) });
      expect([code, errors]).toEqual([141, '']);
      expect(pages).toBeLessThan(10);
    },
  );

  it('with a size of 0 or -1 count as unknown', async () => {
    const data = (): unknown => ({
      videos: [-1, 0, '-1', 1.5, null, 'x', 2 ** 60].flatMap((size, index) => rows(1, index, { size })),
      total_count: 7,
    });
    const { lines } = await mavi(['sync', 'lib', '--dry-run'], data);
    expect(lines.filter((line) => line.includes('size unknown'))).toHaveLength(7);
    expect(lines[7]).toBe('7 to download: 0 bytes and 7 of unknown size; 0 already up to date');
    const table = await mavi(['list'], data, { stdoutIsTTY: true });
    expect(table.lines.at(-1)).toBe('7 videos, 0 bytes and 7 of unknown size');
  });
});

it('a sync to a missing folder with the name of a video suggests mavi download', async () => {
  const { env, asked } = await listingServer(() => ({ videos: [] }));
  const host = fakeHost({ cwd: tempDir(), env });
  expect(await run(['sync', 'VI625239098370850816'], host)).toBe(2);
  expect(host.errors()).toContain('mavi download VI625239098370850816');
  expect(asked).toEqual([]);
  expect(existsSync(join(host.cwd, 'VI625239098370850816'))).toBe(false);
});
