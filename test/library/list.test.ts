import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import stringWidth from 'string-width';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../../src/cli.ts';
import { type Clock, systemClock } from '../../src/host.ts';
import { libraryOf, type StoredVideo, type VideoStatus } from '../../src/mock/library.ts';
import type { Mock, MockOptions } from '../../src/mock/server.ts';
import { type FakeHost, type FakeHostOptions, fakeHost } from '../helpers/fake-host.ts';
import { generatedLibrary } from '../helpers/generated.ts';
import { controlCharacter } from '../helpers/leaks.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { envFor, WITHOUT_SCOPES_ROUTE, withMock } from '../helpers/with-mock.ts';
import { SAMPLE_VIDEO_NOS } from '../mock/sample-files.ts';
import { growingLibrary, madeVideos, videosNamed } from './stored-video.ts';

interface Listed {
  readonly code: number;
  readonly host: FakeHost;
  readonly text: string;
  readonly lines: string[];
}

async function list(
  mock: Mock,
  args: readonly string[] = [],
  options: Partial<FakeHostOptions> = {},
): Promise<Listed> {
  const host = fakeHost({ cwd: tempDir(), env: { ...envFor(mock), LANG: 'C.UTF-8' }, ...options });
  const code = await run(['list', ...args], host);
  const text = host.output().toString();
  return { code, host, text, lines: text.split('\n').slice(0, -1) };
}

/** What each request to the listing asked for. */
function asked(mock: Mock): Record<string, unknown>[] {
  return mock.requests
    .filter((request) => request.url.endsWith('/list_videos'))
    .map((request) => request.json as Record<string, unknown>);
}

function idsOf(videos: readonly StoredVideo[]): string[] {
  return videos.map((video) => video.videoNo);
}

describe('the pages of the library', () => {
  const paged: [string, MockOptions, number[]][] = [
    ['pages of the largest size', {}, [1, 2, 3]],
    ['smaller pages than requested', { pageSizeCap: 150 }, [1, 2, 3]],
    ['pages with numbers as strings', { numbersAsStrings: true }, [1, 2, 3]],
  ];
  it.each(paged)('are followed to the end of %s', async (_title, options, pages) => {
    const mock = await withMock({ videos: generatedLibrary({ count: 450 }), ...options });
    const { code, lines, host } = await list(mock, ['--ids']);
    expect(code).toBe(0);
    expect(host.errors()).toBe('');
    expect(lines).toEqual(idsOf(madeVideos(450)));
    expect(asked(mock)).toEqual(pages.map((page) => ({ page, size: 200, unique_id: 'default' })));
  });

  it('list each video once while uploads shift the rows', async () => {
    const [uploaded, ...videos] = madeVideos(251) as [StoredVideo, ...StoredVideo[]];
    let isUploaded = false;
    const mock = await withMock({
      videos: growingLibrary(videos),
      pageSizeCap: 100,
      onRequest(request) {
        if (isUploaded || (request.json as { page?: number }).page !== 2) return;
        isUploaded = true;
        videos.unshift(uploaded);
      },
    });
    const { code, lines } = await list(mock, ['--ids']);
    expect(code).toBe(0);
    expect(isUploaded).toBe(true);
    expect(lines).toEqual(idsOf(madeVideos(251)).slice(1));
  });

  it('end at an empty page, whatever the total says', async () => {
    const videos = libraryOf(madeVideos(3));
    const mock = await withMock({ videos: { ...videos, count: () => 250 } });
    const { code, lines } = await list(mock, ['--ids']);
    expect(code).toBe(0);
    expect(lines).toEqual(idsOf(madeVideos(3)));
    expect(asked(mock)).toHaveLength(2);
  });

  it('end where a server without a total begins to repeat itself', async () => {
    const page = { code: '0000', data: { videos: [{ video_no: 'VI1' }, { video_no: 'VI2' }] } };
    let requests = 0;
    const server = createServer((_request, response) => {
      requests += 1;
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify(page));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const env = { MAVI_BASE_URL: `http://127.0.0.1:${port}`, MAVI_API_KEY: `sk-mavi-${'x'.repeat(40)}` };
    const host = fakeHost({ cwd: tempDir(), env });
    expect(await run(['list', '--ids'], host)).toBe(0);
    expect(host.output().toString()).toBe('VI1\nVI2\n');
    expect(requests).toBe(2);
  });

  it('may be long: two hundred names of four hundred characters each', async () => {
    const mock = await withMock({ videos: madeVideos(200, () => ({ name: 'é'.repeat(400) })) });
    const { code, lines, host } = await list(mock, ['--ids']);
    expect(host.errors()).toBe('');
    expect(code).toBe(0);
    expect(lines).toHaveLength(200);
  });

  it('are requested at most five times in any second', async () => {
    let nowMs = 1_000_000;
    const starts: number[] = [];
    const mock = await withMock({
      videos: generatedLibrary({ count: 1100 }),
      pageSizeCap: 100,
      onRequest: () => void starts.push(nowMs),
    });
    // Waits for the rate limit end immediately and advance the clock; timeouts of a request stay as they are.
    const clock: Clock = {
      ...systemClock,
      nowMs: () => nowMs,
      after(delayMs, callback) {
        if (delayMs > 5000) return systemClock.after(delayMs, callback);
        return systemClock.after(0, () => {
          nowMs += delayMs;
          callback();
        });
      },
    };
    expect((await list(mock, ['--ids'], { clock })).lines).toHaveLength(1100);
    expect(starts).toHaveLength(11);
    for (const [index, start] of starts.slice(5).entries()) {
      expect(start - (starts[index] ?? 0)).toBeGreaterThanOrEqual(1000);
    }
    expect((starts.at(-1) ?? 0) - (starts[0] ?? 0)).toBeLessThan(4000);
  });

  it('are reported while there are many of them', async () => {
    const mock = await withMock({ videos: generatedLibrary({ count: 450 }) });
    let ticksMs = 0;
    const clock: Clock = {
      ...systemClock,
      ticksMs() {
        ticksMs += 3000;
        return ticksMs;
      },
    };
    const { host } = await list(mock, ['--ids'], { clock });
    expect(host.errors()).toContain('mavi: listing the library: 200 of 450 videos so far\n');
  });

  it('are not requested beyond --limit', async () => {
    const mock = await withMock({ videos: generatedLibrary({ count: 450 }) });
    expect((await list(mock, ['--ids', '--limit', '3'])).lines).toEqual(idsOf(madeVideos(450)).slice(0, 3));
    expect((await list(mock, ['--ids', '--limit', '201'])).lines).toHaveLength(201);
    expect(asked(mock)).toEqual([
      { page: 1, size: 3, unique_id: 'default' },
      { page: 1, size: 200, unique_id: 'default' },
      { page: 2, size: 200, unique_id: 'default' },
    ]);
  });
});

describe('mavi list', () => {
  it('shows every status, known or not', async () => {
    const statuses = ['PARSE', 'UNPARSE', 'FAILED', 'ARCHIVED'] as VideoStatus[];
    const videos = madeVideos(4, (index) => ({ status: statuses[index] ?? 'PARSE' }));
    const { lines } = await list(await withMock({ videos }));
    expect(lines.slice(1).map((line) => line.split(/ {2,}/)[4])).toEqual(statuses);
  });

  it('says so if nothing matches, and prints nothing', async () => {
    const { code, text, host } = await list(await withMock(), ['--name', 'no such']);
    expect(code).toBe(0);
    expect(text).toBe('');
    expect(host.errors()).toBe("mavi: no video matches in the scope 'default'\n");
  });

  it('prints the fields of the API as JSON, one object a line, numbers as numbers', async () => {
    const [plain, texts] = await Promise.all([
      list(await withMock(), ['--json']),
      list(await withMock({ numbersAsStrings: true }), ['--json']),
    ]);
    expect(texts.text).toBe(plain.text);
    expect(plain.lines).toHaveLength(3);
    expect(JSON.parse(plain.lines[0] ?? '')).toEqual({
      video_no: SAMPLE_VIDEO_NOS.faststart,
      video_name: 'first steps',
      duration: 4,
      size: expect.any(Number),
      status: 'PARSE',
      create_time: Date.UTC(2025, 9, 4, 9, 30),
      cause: 'null',
      datetime_taken: Date.UTC(2025, 9, 3, 16, 5),
      camera_model: 'Pocket 3',
      latitude: 47.3769,
      longitude: 8.5417,
      tags: ['family', 'walk'],
    });
  });

  const filters: [string[], Record<string, unknown>, string[]][] = [
    [['--name', 'first steps'], { video_name: 'first steps' }, [SAMPLE_VIDEO_NOS.faststart]],
    [['--status', 'UNPARSE'], { status: 'UNPARSE' }, []],
    [['--tag', 'lake'], { tag: 'lake' }, [SAMPLE_VIDEO_NOS.moovLast]],
    [['--camera', 'Hero 12'], { camera_model: 'Hero 12' }, [SAMPLE_VIDEO_NOS.moovLast]],
    [['--taken-after', '2025-10-02'], { datetime_taken: Date.UTC(2025, 9, 2) }, [SAMPLE_VIDEO_NOS.faststart]],
    [['--near', '46.5,6.8'], { latitude: 46.5, longitude: 6.8 }, [SAMPLE_VIDEO_NOS.moovLast]],
    [['-u', 'holiday_2025'], { unique_id: 'holiday_2025' }, [SAMPLE_VIDEO_NOS.holiday]],
    [
      ['--tag', 'walk', '--camera', 'Pocket 3'],
      { tag: 'walk', camera_model: 'Pocket 3' },
      [SAMPLE_VIDEO_NOS.faststart],
    ],
  ];
  it.each(filters)('sends %j under the names of the API', async (args, fields, found) => {
    const mock = await withMock();
    const { lines } = await list(mock, ['--ids', ...args]);
    expect(lines).toEqual(found);
    expect(asked(mock)).toEqual([{ page: 1, size: 200, unique_id: 'default', ...fields }]);
  });

  it.each([
    [['--json', '--ids']],
    [['--limit', '0']],
    [['--limit', '2.5']],
    [['--taken-after', 'yesterday']],
    [['--near', '91,0']],
    [['--near', '1']],
    [['VI1']],
  ])('refuses %j before any request', async (args) => {
    const mock = await withMock();
    const { code, host } = await list(mock, args);
    expect(code).toBe(2);
    expect(host.errors()).toMatch(/^mavi: /);
    expect(mock.requests).toHaveLength(0);
  });

  it('retries a listing that failed temporarily, and says so', async () => {
    const mock = await withMock({
      listFaults: 'server-errorx1,rate-limitx1,dropx1,network-abnormalx1',
    });
    const { code, lines, host } = await list(mock, ['--ids']);
    expect(code).toBe(0);
    expect(lines).toHaveLength(3);
    expect(mock.requests).toHaveLength(5);
    expect(host.errors()).toMatch(
      /^mavi: listing failed: HTTP 503 from the server.*; retrying (in .*|now) \(attempt 2\)/,
    );
  });

  it.each([
    ['server-error', ['--retries', '1'], 6, 2],
    ['rate-limit', ['--retries', '1'], 8, 2],
    ['unauthorized', [], 3, 1],
    ['http-400', [], 4, 1],
    ['json-broken', [], 4, 1],
    ['html', [], 4, 1],
  ])('ends when the listing fails for good: %s', async (listFaults, args, expected, requests) => {
    const mock = await withMock({ listFaults });
    const { code, text } = await list(mock, ['--json', ...args]);
    expect(code).toBe(expected);
    expect(text).toBe('');
    expect(mock.requests).toHaveLength(requests);
  });
});

describe('the scopes', () => {
  it('are listed one a line, or as JSON', async () => {
    const mock = await withMock();
    expect((await list(mock, ['--scopes'])).text).toBe('default\nholiday_2025\n');
    expect((await list(mock, ['--scopes', '--json'])).lines).toEqual([
      '{"unique_id":"default"}',
      '{"unique_id":"holiday_2025"}',
    ]);
    expect(asked(mock)).toHaveLength(0);
  });

  it.each(['envelope', 'spring-404'] as const)(
    'are the one called default where the API does not know that call any more: %s',
    async (missing) => {
      const mock = await withMock({ onRequest: WITHOUT_SCOPES_ROUTE[missing] });
      const { code, text } = await list(mock, ['--scopes', '-u', 'holiday_2025']);
      expect(code).toBe(0);
      expect(text).toBe('default\n');
      expect(asked(mock)).toEqual([{ page: 1, size: 1, unique_id: 'default' }]);
    },
  );

  it('are not made up for a refused key', async () => {
    const mock = await withMock({
      onRequest: WITHOUT_SCOPES_ROUTE['spring-404'],
      key: `sk-mavi-${'k'.repeat(40)}`,
    });
    const env = { ...envFor(mock), MAVI_API_KEY: `sk-mavi-${'z'.repeat(40)}` };
    const { code, text } = await list(mock, ['--scopes'], { env });
    expect(code).toBe(3);
    expect(text).toBe('');
  });
});

describe('the table', () => {
  const names = ['a', '山の朝 '.repeat(30), `${'long '.repeat(40)}end`, '👩‍👩‍👧‍👦 family 🌊'.repeat(12)];

  it.each([200, 80, 60, 40])('fits a terminal of %i columns', async (columns) => {
    const mock = await withMock({ videos: videosNamed(names) });
    const { code, lines } = await list(mock, [], { stdoutIsTTY: true, columns, env: plainEnv(mock) });
    expect(code).toBe(0);
    expect(lines).toHaveLength(names.length + 2);
    expect(lines.at(-1)).toBe('4 videos, 3.9 KiB');
    for (const line of lines) expect(stringWidth(line)).toBeLessThan(columns);
    for (const videoNo of idsOf(madeVideos(names.length))) expect(lines.join('\n')).toContain(videoNo);
    expect(lines[0]).toMatch(columns >= 60 ? /^video_no +size .*name$/ : /^video_no .*name$/);
    expect(lines[2]).toMatch(/…$/);
  });

  it('keeps its columns over many rows, the widest of which comes last', async () => {
    const videos = madeVideos(250, (index) => ({
      sizeBytes: index === 240 ? 987_654_321 : 1000,
      name: 'clip',
    }));
    const { lines } = await list(await withMock({ videos }));
    expect(lines).toHaveLength(251);
    expect(new Set(lines.map((line) => line.lastIndexOf(' '))).size).toBe(1);
    expect(lines.filter((line) => line.startsWith('video_no'))).toHaveLength(1);
    expect(lines[241]).toContain('  941.9 MiB  ');
    expect(lines[240]).toContain('  1000 bytes  ');
  });

  it('is not cut in a pipe', async () => {
    const { lines } = await list(await withMock({ videos: videosNamed(names) }), [], { columns: 40 });
    expect(lines[2]?.endsWith(names[1]?.trim() ?? '')).toBe(true);
    expect(lines[3]?.endsWith(names[2] ?? '')).toBe(true);
    expect(lines[0]).toMatch(/^video_no +size +length +created +status +name$/);
  });

  it('leaves out control characters, which JSON escapes', async () => {
    const name = 'red \u001b[31mtext\u0007\u202e txt\u009b2J\r\nmade \u2066up\ufeff';
    const evil = 'UN\u001b[2JPARSE' as VideoStatus;
    const mock = await withMock({ videos: madeVideos(1, () => ({ name, status: evil })) });
    for (const args of [[], ['--json'], ['--ids']]) {
      const { text, lines } = await list(mock, args, { stdoutIsTTY: true, env: plainEnv(mock) });
      expect(controlCharacter(text)).toBeNull();
      expect(lines).toHaveLength(args.length === 0 ? 3 : 1);
    }
    const { text } = await list(mock, ['--json']);
    expect(JSON.parse(text)).toMatchObject({ video_name: name, status: evil });
  });
});

/** Without colours: their codes are control characters and not part of the width of a line. */
function plainEnv(mock: Mock): Record<string, string> {
  return { ...envFor(mock), LANG: 'C.UTF-8', NO_COLOR: '1' };
}
