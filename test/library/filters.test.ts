import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli.ts';
import { nameMatcher } from '../../src/library/query.ts';
import type { Mock } from '../../src/mock/server.ts';
import { fakeHost } from '../helpers/fake-host.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { envFor, withMock } from '../helpers/with-mock.ts';
import { listingServer, rows } from './listing-server.ts';
import { madeVideos, videosNamed } from './stored-video.ts';

interface Ran {
  readonly code: number;
  readonly lines: readonly string[];
  readonly errors: string;
}

async function mavi(args: readonly string[], env: Record<string, string>): Promise<Ran> {
  const host = fakeHost({ cwd: tempDir(), env });
  const code = await run(args, host);
  return { code, lines: host.output().toString().split('\n').slice(0, -1), errors: host.errors() };
}

function names(ran: Ran): string[] {
  return ran.lines.map((line) => String(JSON.parse(line).video_name));
}

function asked(mock: Mock): unknown[] {
  return mock.requests.map(({ json }) => json);
}

describe('--match', () => {
  it.each([
    ['holiday', 'Holiday in Rome', true],
    ['HOLIDAY', 'my holiday.mp4', true],
    ['hol?day', 'holiday', true],
    ['hol?day', 'my holiday', false],
    ['*hol?day', 'my holiday', true],
    ['img*', 'IMG_0042.mp4', true],
    ['img*', 'an IMG', false],
    ['*.mp4', 'walk.MP4', true],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-b-c-', false],
    ['??', 'é🌊', true],
    ['?', '', false],
    ['*', '', true],
    ['café', 'CAFE\u0301 noir', true],
    ['cafe\u0301', 'café', true],
    ['strasse', 'Straße', true],
    ['Ⅳ', 'part iv', true],
    ['ﬁlm', 'Film', true],
    ['what？', 'whatx', false],
    ['[ab]', 'a', false],
    ['.*', 'abc', false],
    ['$&', 'x $& y', true],
  ])('%s on "%s": %s', (pattern, name, expected) => {
    expect(nameMatcher([pattern])(name)).toBe(expected);
  });

  it('takes at most name times pattern steps', () => {
    expect(nameMatcher([`${'*a'.repeat(500)}b`])('a'.repeat(1024))).toBe(false);
  });

  it('is repeatable: any of the patterns may match, and --limit counts matches', async () => {
    const env = envFor(
      await withMock({ videos: videosNamed(['Walk 1', 'lake', 'walk 2', 'sea', 'WALK 3']) }),
    );
    const two = ['list', '--json', '--match', 'walk', '--match', 's?a'];
    expect(names(await mavi(two, env))).toEqual(['Walk 1', 'walk 2', 'sea', 'WALK 3']);
    expect(names(await mavi([...two, '--limit', '2'], env))).toEqual(['Walk 1', 'walk 2']);
    const none = await mavi(['list', '--match', 'nowhere'], env);
    expect(none).toEqual({ code: 0, lines: [], errors: "mavi: no video matches in the scope 'default'\n" });
  });

  it('narrows a sync', async () => {
    const env = envFor(await withMock({ videos: videosNamed(['Walk 1', 'lake', 'walk 2']) }));
    const { lines } = await mavi(['sync', 'lib', '--dry-run', '--match', 'walk'], env);
    expect(lines[2]).toMatch(/^2 to download/);
  });
});

describe('--status', () => {
  it.each([
    ['ready', 'PARSE'],
    ['Pending', 'UNPARSE'],
    ['failed', 'FAILED'],
    ['parse', 'PARSE'],
    ['UNPARSE', 'UNPARSE'],
    ['parse_error', 'PARSE_ERROR'],
  ])('%s is %s to the API', async (word, status) => {
    const mock = await withMock();
    expect((await mavi(['list', '--ids', '--status', word], envFor(mock))).code).toBe(0);
    expect(asked(mock)).toEqual([{ page: 1, size: 200, unique_id: 'default', status }]);
  });

  it.each(['parsed', '', 'ready '])('%j is refused before any request', async (word) => {
    const mock = await withMock();
    const { code, errors } = await mavi(['list', '--status', word], envFor(mock));
    expect(code).toBe(2);
    expect(errors).toContain('ready, pending or failed');
    expect(asked(mock)).toEqual([]);
  });
});

describe('--folder', () => {
  it.each([
    ['7', '"folder_id":7'],
    ['-1', '"folder_id":-1'],
    ['9223372036854775807', '"folder_id":9223372036854775807'],
  ])('%s is sent as a number', async (id, text) => {
    const { env, asked } = await listingServer(() => ({ videos: rows(1), total_count: 1 }));
    expect((await mavi(['list', '--ids', '--folder', id], env)).lines).toHaveLength(1);
    expect(asked[0]?.text).toContain(text);
  });

  it.each(['holiday', '1.5', '1e3', '', '12345678901234567890'])('%j is refused', async (id) => {
    const { env, asked } = await listingServer(() => ({ videos: [] }));
    expect((await mavi(['list', '--folder', id], env)).code).toBe(2);
    expect(asked).toEqual([]);
  });

  it('is found with --folders', async () => {
    const folders = [
      { folder_id: -1, folder_name: 'default' },
      { folder_id: '12', folder_name: 'trips \u001b[2J' },
      { folder_id: 'x', folder_name: 'no id' },
      null,
    ];
    const large = '{"folder_id": 9007199254740993,"folder_name":"large"}';
    const data = (): string => JSON.stringify({ folders }).replace('null', large);
    const { env, asked } = await listingServer(data);
    const lines = ['-1  default', '12  trips [2J', '9007199254740993  large'];
    expect((await mavi(['list', '--folders'], env)).lines).toEqual(lines);
    const ids = ['-1', '12', '9007199254740993'];
    expect((await mavi(['list', '--folders', '--ids'], env)).lines).toEqual(ids);
    expect((await mavi(['list', '--folders', '--json'], env)).lines).toEqual([
      '{"folder_id":"-1","folder_name":"default"}',
      '{"folder_id":"12","folder_name":"trips \\u001b[2J"}',
      '{"folder_id":"9007199254740993","folder_name":"large"}',
    ]);
    expect(asked.every(({ url }) => url.endsWith('/folders'))).toBe(true);
  });
});

it.each(['--scopes', '--folders'])(
  '%s is refused together with a filter, which selects videos',
  async (what) => {
    const { env, asked } = await listingServer(() => ({ videos: [] }));
    for (const filter of [
      ['--match', 'a'],
      ['--limit', '1'],
      ['--taken-after', '2025-01-01'],
    ])
      expect((await mavi(['list', what, ...filter], env)).code).toBe(2);
    expect(asked).toEqual([]);
  },
);

describe('several scopes', () => {
  const videos = madeVideos(4, (index) => ({ uniqueId: ['default', 'work', 'work', 'home'][index] ?? '' }));

  it('are listed one after the other, a video in two of them once', async () => {
    const [first] = videos;
    const both = [...videos, { ...first, uniqueId: 'work' } as (typeof videos)[number]];
    const mock = await withMock({ videos: both });
    const args = ['list', '--json', '-u', 'default', '--unique-id', 'work'];
    const listed = (await mavi(args, envFor(mock))).lines.map((line) => JSON.parse(line));
    expect(listed.map(({ video_no, unique_id }) => [video_no, unique_id])).toEqual([
      [videos[0]?.videoNo, 'default'],
      [videos[1]?.videoNo, 'work'],
      [videos[2]?.videoNo, 'work'],
    ]);
  });

  it('are all listed with --all-scopes', async () => {
    const mock = await withMock({ videos });
    const { lines } = await mavi(['list', '--ids', '--all-scopes'], envFor(mock));
    expect([...lines].sort()).toEqual(videos.map(({ videoNo }) => videoNo).sort());
  });

  it('are refused if one is malformed, or together with --all-scopes', async () => {
    const env = envFor(await withMock({ videos }));
    expect((await mavi(['list', '-u', 'a', '-u', ''], env)).errors).toMatch(/^mavi: --unique-id takes/);
    expect((await mavi(['list', '-u', 'a', '--all-scopes'], env)).code).toBe(2);
  });
});
