import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../../src/cli.ts';
import type { StoredVideo } from '../../src/mock/library.ts';
import type { Mock, MockOptions } from '../../src/mock/server.ts';
import { type FakeHostOptions, fakeHost } from '../helpers/fake-host.ts';
import { generatedLibrary } from '../helpers/generated.ts';
import { appears, moment } from '../helpers/moment.ts';
import { namesIn, tempDir } from '../helpers/temp-dir.ts';
import { bytesOf } from '../helpers/videos.ts';
import { DownloadCounter, downloadsOf, envFor, withMock } from '../helpers/with-mock.ts';
import { eagerClock } from '../invariant/eager-clock.ts';
import { madeVideos, videoOfBytes } from '../library/stored-video.ts';
import { sampleFile } from '../mock/sample-files.ts';

const KEYS = [
  'video_no',
  'unique_id',
  'status',
  'file',
  'bytes',
  'bytes_received',
  'expected_size',
  'sha256',
  'seconds',
  'attempts',
  'brand',
  'downloaded_at',
  'error',
  'warnings',
];

interface Record_ {
  readonly video_no: string;
  readonly status: string;
  readonly file: string | null;
  readonly error: { readonly code: string; readonly exit_code: number; readonly hint: string } | null;
  readonly [key: string]: unknown;
}

interface Scene {
  readonly folder: string;
  readonly mock: Mock;
  readonly ids: readonly string[];
  readonly videos: readonly StoredVideo[];
  download(
    args: readonly string[],
    options?: Partial<FakeHostOptions>,
  ): Promise<{ code: number; errors: string; records: Record_[] }>;
}

/** A folder and a mock with that many videos of 1000 bytes, or with those given. */
async function scene(videos: number | readonly StoredVideo[], options: MockOptions = {}): Promise<Scene> {
  const folder = tempDir();
  const made = typeof videos === 'number' ? madeVideos(videos) : videos;
  const mock = await withMock({ videos: made, ...options });
  return {
    folder,
    mock,
    videos: made,
    ids: made.map((video) => video.videoNo),
    async download(args, hostOptions = {}) {
      const host = fakeHost({ cwd: folder, env: envFor(mock), ...hostOptions });
      const code = await run(['download', ...args], host);
      return { code, errors: host.errors(), records: recordsIn(host.output().toString()) };
    },
  };
}

function recordsIn(text: string): Record_[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record_);
}

/** The IDs of the requested videos, in the order of the requests. */
function idsAskedFor(mock: Mock): unknown[] {
  return downloadsOf(mock).map((request) => (request.json as { video_no: unknown }).video_no);
}

async function expectWhole(scene: Scene, folder: string, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const video = scene.videos.find((each) => each.videoNo === id) as StoredVideo;
    expect(readFileSync(join(scene.folder, folder, `${id}.mp4`)).equals(await bytesOf(video))).toBe(true);
  }
}

describe('a list of videos', () => {
  it('comes from arguments, each video once, in order', async () => {
    const here = await scene(3);
    const [a = '', b = '', c = ''] = here.ids;
    const { code, errors } = await here.download([c, a, c, b, a, '-c', '1', '-d', 'out']);
    expect(code).toBe(0);
    expect(idsAskedFor(here.mock)).toEqual([c, a, b]);
    expect(namesIn(join(here.folder, 'out'))).toEqual([...here.ids].sort().map((id) => `${id}.mp4`));
    await expectWhole(here, 'out', here.ids);
    expect(errors).toMatch(/^mavi: 3 videos: 3 downloaded; 2\.9 KiB received in \d+\.\d s$/m);
  });

  it('comes from a file with comments, blank lines, any line ends and a byte order mark', async () => {
    const here = await scene(5);
    const [a, b, c, d, e] = here.ids;
    const text = `\ufeff# mine\r\n${a}\r\n\r\n  ${b}\t\n#${c}\n   # ${c}\n${d}\r${a}\n\n${e}`;
    writeFileSync(join(here.folder, 'ids.txt'), text);
    expect((await here.download(['-a', 'ids.txt', '-c', '1'])).code).toBe(0);
    expect(idsAskedFor(here.mock)).toEqual([a, b, d, e]);
  });

  it('comes from standard input, after the arguments', async () => {
    const here = await scene(3);
    const [a = '', b, c] = here.ids;
    const { code } = await here.download([a, '-a', '-', '-c', '1'], { stdin: `${b}\n${a}\n${c}\n` });
    expect(code).toBe(0);
    expect(idsAskedFor(here.mock)).toEqual([a, b, c]);
  });

  it.each([
    ['ids.txt', 'ids.txt contains no video IDs; nothing to download'],
    ['-', 'standard input contains no video IDs; nothing to download'],
  ])('may be empty, which is reported but is not a failure: %s', async (file, words) => {
    const here = await scene(1);
    writeFileSync(join(here.folder, 'ids.txt'), '\ufeff\r\n# none yet\n');
    expect(await here.download(['-a', file])).toMatchObject({ code: 0, errors: `mavi: ${words}\n` });
    expect(await here.download(['-a', file, '-q'])).toMatchObject({ code: 0, errors: '' });
    expect(here.mock.requests).toHaveLength(0);
  });

  it.each([
    ['a missing file', ['-a', 'missing.txt'], 7, 'cannot read missing.txt: '],
    ['a folder', ['-a', '.'], 7, 'cannot read .: it is a folder'],
    ['no list at all', [], 2, 'no videos given'],
    ['an id that could name a path', ['-a', 'bad.txt'], 2, "'../x' (bad.txt, line 2) is not a video ID"],
    ['several videos and one name', ['-a', 'two.txt', '-o', 'x.mp4'], 2, '--output takes one video only'],
  ])('that is %s is refused before any request', async (_title, args, expected, words) => {
    const here = await scene(1);
    writeFileSync(join(here.folder, 'bad.txt'), `${here.ids[0]}\n../x\n`);
    writeFileSync(join(here.folder, 'two.txt'), 'VI1\nVI2\n');
    const { code, errors } = await here.download(args);
    expect(code).toBe(expected);
    expect(errors).toContain(words);
    expect(here.mock.requests).toHaveLength(0);
  });

  it('with one video can be combined with --output', async () => {
    const here = await scene(1);
    const stdin = `${here.ids[0]}\n`;
    expect((await here.download(['-a', '-', '-o', 'x.mp4'], { stdin })).code).toBe(0);
    expect(namesIn(here.folder)).toEqual(['x.mp4']);
  });
});

describe('simultaneous downloads', () => {
  it.each([1, 4])('never exceed --concurrency: %i', async (concurrency) => {
    let release = moment();
    let waiting = 0;
    const counter = new DownloadCounter();
    const here = await scene(12, {
      // The mock waits until as many requests have come as may run simultaneously.
      async onRequest(request, response) {
        counter.onRequest(request, response);
        waiting += 1;
        if (waiting % concurrency === 0) {
          release.now();
          release = moment();
        } else await release.happened;
      },
    });
    const { code } = await here.download([...here.ids, '-c', String(concurrency)]);
    expect(code).toBe(0);
    expect(counter.most).toBe(concurrency);
    await expectWhole(here, '.', here.ids);
  });

  it('can be many without a warning from Node', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    onTestFinished(() => void process.off('warning', note));
    const here = await scene(64);
    expect((await here.download([...here.ids, '-c', '32', '-q'])).code).toBe(0);
    expect(warnings).toEqual([]);
  });
});

describe('failures of some of several videos', () => {
  it.each([
    ['exit with the code of the only failure', { 1: 'not-found' }, 4],
    ['exit with their code if it is the same', { 0: 'not-found', 3: 'http-404' }, 4],
    ['exit with 1 if their codes differ', { 1: 'not-found', 2: 'garbage' }, 1],
  ] as const)('leave the others alone: %s', async (_title, faults, expected) => {
    const videos = madeVideos(4);
    const texts = Object.entries(faults).map(([index, fault]) => [videos[Number(index)]?.videoNo, fault]);
    const here = await scene(videos, { faults: Object.fromEntries(texts) });
    const { code, errors, records } = await here.download([...here.ids, '--json']);
    expect(code).toBe(expected);
    const bad = Object.keys(faults).map((index) => here.ids[Number(index)]);
    const good = here.ids.filter((id) => !bad.includes(id));
    await expectWhole(here, '.', good);
    expect(namesIn(here.folder)).toEqual([...good].sort().map((id) => `${id}.mp4`));
    expect(
      records
        .filter(({ status }) => status === 'failed')
        .map((each) => each.video_no)
        .sort(),
    ).toEqual([...bad].sort());
    expect(errors).toContain(`4 videos: ${good.length} downloaded, ${bad.length} failed;`);
  });

  it.each([
    ['unauthorized', '0401'],
    ['no-credits', '0402'],
    ['disabled', '0403'],
  ])('stop the run when they concern the account: %s', async (fault, apiCode) => {
    const videos = madeVideos(5);
    const here = await scene(videos, { faults: { [videos[1]?.videoNo ?? '']: fault } });
    const args = [...here.ids, '-c', '1', '--json', '--manifest', 'm.ndjson'];
    const { code, errors, records } = await here.download(args);
    expect(code).toBe(3);
    expect(idsAskedFor(here.mock)).toEqual(here.ids.slice(0, 2));
    expect(records.map(({ video_no, error }) => [video_no, error?.code, error?.exit_code])).toEqual([
      [here.ids[0], undefined, undefined],
      [here.ids[1], apiCode, 3],
      ...here.ids.slice(2).map((id) => [id, 'not_started', 3]),
    ]);
    expect(recordsIn(readFileSync(join(here.folder, 'm.ndjson'), 'utf8'))).toEqual(records);
    expect(namesIn(here.folder)).toEqual([`${here.ids[0]}.mp4`, 'm.ndjson']);
    expect(errors).toContain('5 videos: 1 downloaded, 1 failed, 3 not started;');
    // The message appears once for all videos.
    expect(errors.match(/^mavi: VI/gm)).toHaveLength(1);
  });

  it('of the account decide the exit code, whatever else failed', async () => {
    const videos = madeVideos(3);
    const [a = '', b = ''] = videos.map((video) => video.videoNo);
    const here = await scene(videos, { faults: { [a]: 'not-found', [b]: 'no-credits' } });
    expect((await here.download([...here.ids, '-c', '1'])).code).toBe(3);
  });

  it('of the account end requests without a response, and let transfers finish', async () => {
    const videos = madeVideos(4);
    const [refused = '', unanswered = '', coming = '', last = ''] = videos.map((video) => video.videoNo);
    const over = moment();
    onTestFinished(() => over.now());
    const here: Scene = await scene(videos, {
      faults: { [refused]: 'unauthorized', [coming]: 'trickle=100' },
      async onRequest({ json }) {
        const { video_no: id } = json as { video_no: string };
        if (id === unanswered) await over.happened;
        if (id === refused) await appears(here.folder, new RegExp(`^${coming}.*part$`));
      },
    });
    const { code, records } = await here.download([refused, unanswered, coming, last, '-c', '3', '--json']);
    expect(code).toBe(3);
    const outcome = (id: string): unknown[] => {
      const record = records.find((each) => each.video_no === id);
      return [record?.status, record?.error?.code, record?.attempts];
    };
    expect(outcome(refused)).toEqual(['failed', '0401', 1]);
    expect(outcome(unanswered)).toEqual(['failed', 'stopped', 1]);
    expect(outcome(coming)).toEqual(['downloaded', undefined, 1]);
    expect(outcome(last)).toEqual(['failed', 'not_started', 0]);
    expect(namesIn(here.folder)).toEqual([`${coming}.mp4`]);
    await expectWhole(here, '.', [coming]);
  });
});

describe('records', () => {
  it('have every key, for every outcome', async () => {
    const videos = madeVideos(3);
    const here = await scene(videos, { faults: { [videos[1]?.videoNo ?? '']: 'not-found' } });
    const [kept = '', failed = '', fetched = ''] = here.ids;
    await here.download([kept]);
    const { code, records } = await here.download([...here.ids, '-c', '1', '--skip-existing', '--json']);
    expect(code).toBe(4);
    for (const record of records) expect(Object.keys(record)).toEqual(KEYS);
    expect(records).toEqual([
      expect.objectContaining({
        video_no: kept,
        unique_id: 'default',
        status: 'skipped',
        file: `${kept}.mp4`,
        bytes: 1000,
        bytes_received: 0,
        attempts: 0,
        brand: 'isom',
        downloaded_at: null,
        error: null,
        warnings: [],
      }),
      expect.objectContaining({
        video_no: failed,
        status: 'failed',
        bytes: null,
        attempts: 1,
        sha256: null,
        downloaded_at: null,
        error: {
          exit_code: 4,
          code: '0001',
          message: expect.stringContaining('download video error'),
          retryable: false,
          hint: expect.stringContaining('--unique-id'),
        },
      }),
      expect.objectContaining({
        video_no: fetched,
        status: 'downloaded',
        bytes: 1000,
        bytes_received: 1000,
        expected_size: null,
        sha256: null,
        downloaded_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        error: null,
      }),
    ]);
  });

  it('name the file relative to the manifest in a manifest, and as given elsewhere', async () => {
    const here = await scene(1);
    mkdirSync(join(here.folder, 'records'));
    const args = ['-d', 'videos', '--manifest', 'records/m.ndjson', '--json', '--checksum'];
    const { records } = await here.download([...here.ids, ...args]);
    const [kept] = recordsIn(readFileSync(join(here.folder, 'records/m.ndjson'), 'utf8'));
    expect(records[0]?.file).toBe(`videos/${here.ids[0]}.mp4`);
    expect(kept).toEqual({ ...records[0], file: `../videos/${here.ids[0]}.mp4` });
    const file = readFileSync(join(here.folder, String(records[0]?.file)));
    expect(kept?.sha256).toBe(createHash('sha256').update(file).digest('hex'));
  });

  it('are appended to a manifest after a line that was torn by a crash', async () => {
    const here = await scene(2);
    const path = join(here.folder, 'm.ndjson');
    const [a = '', b = ''] = here.ids;
    await here.download([a, '--manifest', 'm.ndjson']);
    writeFileSync(path, `${readFileSync(path, 'utf8')}{"video_no":"VI1","stat`);
    await here.download([b, '--manifest', 'm.ndjson']);
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[1]).toBe('{"video_no":"VI1","stat');
    expect([lines[0], lines[2]].map((line) => JSON.parse(line ?? '').video_no)).toEqual([a, b]);
    expect(lines[3]).toBe('');
  });

  it('of many simultaneous videos are complete lines, one each', async () => {
    const here = await scene(40);
    await here.download([...here.ids, '-c', '16', '-q', '--manifest', 'm.ndjson']);
    const records = recordsIn(readFileSync(join(here.folder, 'm.ndjson'), 'utf8'));
    expect(records.map((record) => record.video_no).sort()).toEqual([...here.ids].sort());
  });

  it('contain the time of the transfer without the wait for the rate limit', async () => {
    const here = await scene(2);
    const args = [...here.ids, '-c', '1', '--rate', '1/20s', '--json'];
    const clock = eagerClock(() => false);
    const startedMs = clock.ticksMs();
    const { code, records } = await here.download(args, { clock });
    expect(code).toBe(0);
    expect(clock.ticksMs() - startedMs).toBeGreaterThan(19_000);
    for (const { seconds } of records) expect(seconds).toBeLessThan(19);
  });

  it('that cannot be written end the run', async () => {
    const here = await scene(3);
    mkdirSync(join(here.folder, 'm.ndjson'));
    const { code, errors } = await here.download([...here.ids, '--manifest', 'm.ndjson']);
    expect(code).toBe(7);
    expect(errors).toContain('m.ndjson');
    expect(here.mock.requests).toHaveLength(0);
  });
});

describe('--lookup', () => {
  it.each([{}, { numbersAsStrings: true }])('knows the sizes before the first byte: %j', async (options) => {
    const here = await scene(3, options);
    const { code, records } = await here.download([...here.ids, '--lookup', '--json', '-c', '1']);
    expect(code).toBe(0);
    expect(records.map((record) => record.expected_size)).toEqual([1000, 1000, 1000]);
    expect(here.mock.requests[0]?.json).toMatchObject({ video_nos: here.ids, unique_id: 'default' });
    expect(here.mock.requests).toHaveLength(4);
  });

  it('asks for one video by its ID, and for many in pages', async () => {
    const one = await scene(1);
    await one.download([...one.ids, '--lookup']);
    expect(one.mock.requests[0]?.json).toMatchObject({ video_no: one.ids[0] });
    const many = await scene(201);
    expect((await many.download([...many.ids, '--lookup', '-q', '-c', '16'])).code).toBe(0);
    const asked = many.mock.requests.filter((request) => request.url.endsWith('/list_videos'));
    expect(asked.map((request) => request.json)).toEqual([
      { page: 1, size: 200, unique_id: 'default', video_nos: many.ids.slice(0, 200) },
      { page: 1, size: 200, unique_id: 'default', video_no: many.ids[200] },
    ]);
  });

  it('warns about a video that the library does not list, and requests it anyway', async () => {
    const here = await scene(1);
    const { code, errors } = await here.download([...here.ids, 'VI404', '--lookup']);
    expect(code).toBe(4);
    expect(errors).toContain('mavi: warning: VI404: not listed in the library, so its size is unknown\n');
    expect(namesIn(here.folder)).toEqual([`${here.ids[0]}.mp4`]);
  });

  it.each([-5, 5])('warns when a complete video has %i bytes more than listed', async (more) => {
    const bytes = sampleFile('moov-last');
    const listed = bytes.length - more;
    const here = await scene([videoOfBytes(bytes, { sizeBytes: listed })]);
    const { code, errors, records } = await here.download([...here.ids, '--lookup', '--json']);
    const words = `${bytes.length} bytes came, but the library lists ${listed}`;
    expect(code).toBe(0);
    expect(errors).toContain(`mavi: warning: ${here.ids[0]}: ${words}\n`);
    expect(records[0]).toMatchObject({ expected_size: listed, bytes: bytes.length, warnings: [words] });
    expect(readFileSync(join(here.folder, `${here.ids[0]}.mp4`)).equals(bytes)).toBe(true);
  });

  it('fails when a fragmented video, whose boxes do not tell its end, is shorter than listed', async () => {
    const bytes = sampleFile('fragmented');
    const here = await scene([videoOfBytes(bytes, { sizeBytes: bytes.length + 1 })]);
    const { code, records } = await here.download([...here.ids, '--lookup', '--json']);
    expect(code).toBe(5);
    expect(records[0]).toMatchObject({ error: { code: 'truncated' }, attempts: 2 });
    expect(namesIn(here.folder)).toEqual([]);
    expect((await here.download([...here.ids])).code).toBe(0);
  });

  it('aborts a compressed body that exceeds the listed size', async () => {
    const bytes = Buffer.concat([sampleFile('faststart'), Buffer.alloc(1_000_000)]);
    const here = await scene([videoOfBytes(bytes, { sizeBytes: 200_000 })], { faults: 'gzip' });
    const { code, records } = await here.download([...here.ids, '--lookup', '--json']);
    expect(code).toBe(5);
    expect(records[0]).toMatchObject({ error: { code: 'too_long' }, attempts: 1 });
    expect(namesIn(here.folder)).toEqual([]);
  });

  it('ends the run before any download when the listing is refused', async () => {
    const here = await scene(2, { listFaults: 'unauthorized' });
    expect((await here.download([...here.ids, '--lookup', '--manifest', 'm.ndjson'])).code).toBe(3);
    expect(downloadsOf(here.mock)).toHaveLength(0);
  });
});

describe('--max-transfer', () => {
  it('starts no video that would exceed the limit, when sizes are known', async () => {
    const small = generatedLibrary({ count: 1, sizeBytes: 400, seed: 2 }).at('default', 0) as StoredVideo;
    const here = await scene([...madeVideos(4), small]);
    const args = [...here.ids, '--lookup', '--max-transfer', '2500', '-c', '1', '--json'];
    const { code, errors, records } = await here.download(args);
    expect(code).toBe(9);
    expect(records.map(({ status, error }) => error?.code ?? status)).toEqual([
      'downloaded',
      'downloaded',
      'max_transfer',
      'max_transfer',
      'downloaded',
    ]);
    expect(records[2]).toMatchObject({ error: { exit_code: 9 }, attempts: 0, bytes_received: 0 });
    expect(downloadsOf(here.mock)).toHaveLength(3);
    expect(errors).toContain('5 videos: 3 downloaded, 2 not started;');
    expect(errors.match(/would exceed --max-transfer \(2\.4 KiB\)$/gm)).toHaveLength(1);
  });

  it('asks the listing for the sizes first', async () => {
    const here = await scene(4);
    const { code } = await here.download([...here.ids, '--max-transfer', '1500', '-c', '1']);
    expect(code).toBe(9);
    expect(here.mock.requests[0]?.url).toMatch(/list_videos$/);
    expect(idsAskedFor(here.mock)).toEqual(here.ids.slice(0, 1));
  });

  it('aborts a body that exceeds it anyway, and leaves no file', async () => {
    const bytes = Buffer.concat([sampleFile('faststart'), Buffer.alloc(2_000_000)]);
    const here = await scene([videoOfBytes(bytes, { sizeBytes: 1000 })], { chunkBytes: 10_000 });
    const args = [...here.ids, '--max-transfer', '200K', '--json', '--retries', '3'];
    const { code, records } = await here.download(args);
    expect(code).toBe(9);
    expect(records[0]).toMatchObject({ error: { code: 'max_transfer', exit_code: 9 }, attempts: 1 });
    // At most what was already in flight.
    expect(records[0]?.bytes_received).toBeLessThan(200 * 1024 + 64 * 1024);
    expect(namesIn(here.folder)).toEqual([]);
  });

  it('counts the bytes of a failed attempt, and does not retry if that would exceed the limit', async () => {
    const here = await scene(1, { faults: 'hangup@900' });
    const { code, records } = await here.download([...here.ids, '--max-transfer', '1000', '--json']);
    expect(code).toBe(9);
    expect(records[0]).toMatchObject({ error: { code: 'max_transfer' }, attempts: 1 });
    expect(downloadsOf(here.mock)).toHaveLength(1);
  });

  it('counts the decoded bytes of a compressed body', async () => {
    const bytes = Buffer.concat([sampleFile('faststart'), Buffer.alloc(1_000_000)]);
    const here = await scene([videoOfBytes(bytes, { sizeBytes: 0 })], { faults: 'gzip' });
    const { code, records } = await here.download([...here.ids, '--max-transfer', '200K', '--json']);
    expect([code, records[0]?.error?.code]).toEqual([9, 'max_transfer']);
    expect(namesIn(here.folder)).toEqual([]);
  });

  it('counts the transfers in progress', async () => {
    const here = await scene(4);
    const args = [...here.ids, '--lookup', '--max-transfer', '2K', '-c', '4', '-q'];
    expect((await here.download(args)).code).toBe(9);
    expect(downloadsOf(here.mock)).toHaveLength(2);
  });
});

describe('--container any', () => {
  const kinds = [
    ['matroska', '.mkv', 'Matroska'],
    ['webm', '.webm', 'WebM'],
    ['avi', '.avi', 'AVI'],
    ['mpeg-ts', '.ts', 'MPEG-TS'],
    ['quicktime', '.mov', 'QuickTime'],
  ] as const;

  it.each(kinds)('gives a %s original the extension %s', async (fault, extension) => {
    const here = await scene(1, { faults: fault });
    const { code, records } = await here.download([...here.ids, '--container', 'any', '--json', '-d', 'out']);
    expect(code).toBe(0);
    expect(namesIn(join(here.folder, 'out'))).toEqual([here.ids[0] + extension]);
    expect(records[0]).toMatchObject({ file: `out/${here.ids[0]}${extension}`, brand: null });
    const again = await here.download([...here.ids, '--container', 'any', '--skip-existing', '-d', 'out']);
    expect(again.code).toBe(0);
    expect(downloadsOf(here.mock)).toHaveLength(1);
  });

  it.each(kinds)('is suggested when a %s original is refused', async (fault, _extension, name) => {
    const here = await scene(1, { faults: fault });
    const { code, errors } = await here.download([...here.ids]);
    expect(code).toBe(5);
    expect(errors).toContain(name);
    expect(errors).toContain('--container any');
    expect(namesIn(here.folder)).toEqual([]);
  });

  it('keeps the name that the user gave', async () => {
    const here = await scene(1, { faults: 'matroska' });
    expect((await here.download([...here.ids, '--container', 'any', '-o', 'mine.bin'])).code).toBe(0);
    expect(namesIn(here.folder)).toEqual(['mine.bin']);
  });

  it.each(['truncate', 'html', 'mislabelled', 'garbage'])('still verifies an MP4: %s', async (faults) => {
    const here = await scene(1, { faults });
    expect((await here.download([...here.ids, '--container', 'any'])).code).not.toBe(0);
    expect(namesIn(here.folder)).toEqual([]);
  });
});

describe('an existing file', () => {
  it('is an error before any request; other videos are downloaded', async () => {
    const here = await scene(2);
    const name = `${here.ids[0]}.mp4`;
    writeFileSync(join(here.folder, name), 'mine');
    const { code, errors } = await here.download([...here.ids]);
    expect(code).toBe(7);
    expect(errors).toContain(`${name} already exists`);
    expect(errors).toContain('--force');
    expect(errors).toContain('--skip-existing');
    expect(idsAskedFor(here.mock)).toEqual([here.ids[1]]);
    expect(readFileSync(join(here.folder, name), 'utf8')).toBe('mine');
  });

  it('counts as done with --skip-existing if it is a complete video', async () => {
    const here = await scene(2);
    await here.download([...here.ids]);
    const { code, errors } = await here.download([...here.ids, '--skip-existing']);
    expect(code).toBe(0);
    expect(downloadsOf(here.mock)).toHaveLength(2);
    expect(errors).toContain('2 videos: 2 skipped;');
  });

  it.each([
    ['half a video', (complete: Buffer) => complete.subarray(0, 500)],
    ['a video without its last byte', (complete: Buffer) => complete.subarray(0, -1)],
    ['an empty file', () => Buffer.alloc(0)],
    ['an error of the API', () => Buffer.from('{"code":"0001","msg":"download video error"}')],
    ['notes', () => Buffer.from('where are my notes')],
  ])('never counts as done with --skip-existing if it is %s', async (_title, make) => {
    const here = await scene(1);
    const name = `${here.ids[0]}.mp4`;
    const found = make(await bytesOf(here.videos[0] as StoredVideo));
    writeFileSync(join(here.folder, name), found);
    const { code, errors } = await here.download([...here.ids, '--skip-existing']);
    expect(code).toBe(7);
    expect(errors).toContain(`${name} exists but is not a complete video`);
    expect(errors).toContain('--force');
    expect(here.mock.requests).toHaveLength(0);
    expect(readFileSync(join(here.folder, name)).equals(found)).toBe(true);
    expect((await here.download([...here.ids, '--force'])).code).toBe(0);
    await expectWhole(here, '.', here.ids);
  });

  it.each(['--force', '-f', '--clobber'])(
    'is replaced with %s, and only by a complete video',
    async (flag) => {
      const here = await scene(1, { faults: 'truncatex2' });
      const path = join(here.folder, `${here.ids[0]}.mp4`);
      writeFileSync(path, 'mine');
      expect((await here.download([...here.ids, flag])).code).toBe(5);
      expect(readFileSync(path, 'utf8')).toBe('mine');
      expect((await here.download([...here.ids, flag])).code).toBe(0);
      await expectWhole(here, '.', here.ids);
      expect(namesIn(here.folder)).toEqual([`${here.ids[0]}.mp4`]);
    },
  );

  it('cannot be both replaced and kept', async () => {
    const here = await scene(1);
    for (const flag of ['--force', '--clobber']) {
      const { code, errors } = await here.download([...here.ids, flag, '--skip-existing']);
      expect(code).toBe(2);
      expect(errors).toContain(`${flag} can't be combined with --skip-existing`);
    }
    expect(here.mock.requests).toHaveLength(0);
  });

  it('is looked for in --output-dir', async () => {
    const here = await scene(1);
    expect((await here.download([...here.ids, '-d', 'a/b/c'])).code).toBe(0);
    expect(existsSync(join(here.folder, `a/b/c/${here.ids[0]}.mp4`))).toBe(true);
    expect((await here.download([...here.ids, '-d', 'a/b/c'])).code).toBe(7);
  });
});
