import { describe, expect } from 'vitest';
import type { MockOptions } from '../../src/mock/options.ts';
import { it } from '../helpers/scene.ts';
import { SAMPLE_VIDEO_NOS, sampleFile } from '../mock/sample-files.ts';

const { faststart, moovLast, fragmented } = SAMPLE_VIDEO_NOS;

interface Row {
  readonly args: readonly string[];
  readonly mock?: MockOptions;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly code: number;
  readonly requests: number;
  readonly files?: readonly string[];
  readonly says: string;
}

const ROWS: Readonly<Record<string, Row>> = {
  '0 when every video is downloaded': {
    args: [faststart, moovLast],
    code: 0,
    requests: 2,
    files: [`${moovLast}.mp4`, `${faststart}.mp4`],
    says: '2 videos: 2 downloaded',
  },
  '1 when videos failed in different ways': {
    args: [faststart, moovLast, fragmented],
    mock: { faults: { [faststart]: 'not-found', [moovLast]: 'html' } },
    code: 1,
    requests: 3,
    files: [`${fragmented}.mp4`],
    says: '3 videos: 1 downloaded, 2 failed',
  },
  '2 for a bad flag': { args: [faststart, '--what'], code: 2, requests: 0, says: '--what' },
  '2 for a bad environment variable': {
    args: [faststart],
    env: { MAVI_RATE: 'fast' },
    code: 2,
    requests: 0,
    says: 'MAVI_RATE takes a number of starts per minute',
  },
  '3 without a key, saying where to get one': {
    args: [faststart],
    env: { MAVI_API_KEY: undefined },
    code: 3,
    requests: 0,
    says: 'mavi auth login',
  },
  '3 for a rejected key, without requesting the other videos': {
    args: [faststart, moovLast, '-c', '1'],
    env: { MAVI_API_KEY: 'sk-mavi-another-one-that-nobody-knows' },
    code: 3,
    requests: 1,
    says: 'mavi auth status',
  },
  '3 for an account without credits': {
    args: [faststart],
    mock: { faults: 'no-credits' },
    code: 3,
    requests: 1,
    says: 'out of credits',
  },
  '3 for a disabled account': {
    args: [faststart],
    mock: { faults: 'disabled' },
    code: 3,
    requests: 1,
    says: 'disabled',
  },
  '4 for an unknown video': {
    args: ['VI000000000000000000'],
    code: 4,
    requests: 1,
    says: 'download video error',
  },
  '5 for a video truncated twice at the same byte': {
    args: [faststart],
    mock: { faults: 'truncate@100000' },
    code: 5,
    requests: 2,
    says: 'truncated after 100000 bytes',
  },
  '6 for a server that fails on every attempt': {
    args: [faststart, '--retries', '0'],
    mock: { faults: 'server-error' },
    code: 6,
    requests: 1,
    says: 'HTTP 503',
  },
  '7 for a missing folder': {
    args: [faststart, '-o', 'no/such/video.mp4'],
    code: 7,
    requests: 0,
    says: 'no/such',
  },
  '8 for an account that stays rate-limited': {
    args: [faststart, '--retries', '1'],
    mock: { faults: 'rate-limit' },
    code: 8,
    requests: 2,
    says: 'rate limit',
  },
  '9 when --max-transfer is reached': {
    args: [faststart, moovLast, '-c', '1', '--max-transfer', '130K'],
    code: 9,
    requests: 2,
    files: [`${faststart}.mp4`],
    says: '--max-transfer',
  },
};

describe.concurrent('the exit code', () => {
  it.for(Object.entries(ROWS))('is %s', async ([, row], { scene }) => {
    const mock = await scene.mock(row.mock);
    const ended = await scene.run(['download', ...row.args], { env: row.env ?? {} });
    expect(ended.stderr).toContain(row.says);
    expect([ended.code, ended.signal]).toEqual([row.code, null]);
    expect(mock.requests.length).toBe(row.requests);
    expect(scene.names()).toEqual([...(row.files ?? [])].sort());
    expect(ended.stdout.length).toBe(0);
  });

  it('is 7 for a file that already exists; the file is kept and the message names both flags', async ({
    scene,
  }) => {
    const mock = await scene.mock();
    scene.write('video.mp4', 'mine');
    const ended = await scene.run(['download', faststart, '-o', 'video.mp4']);
    expect(ended.code).toBe(7);
    expect(ended.stderr).toMatch(/--force.*--skip-existing/);
    expect(scene.read('video.mp4').toString()).toBe('mine');
    expect(mock.requests).toEqual([]);
  });

  it('is 0 when a flag says to replace or to keep an existing file', async ({ scene }) => {
    const mock = await scene.mock();
    scene.write('video.mp4', 'mine');
    const replaced = await scene.run(['download', faststart, '-o', 'video.mp4', '--clobber']);
    const kept = await scene.run(['download', faststart, '-o', 'video.mp4', '--skip-existing']);
    expect([replaced.code, kept.code, mock.requests.length]).toEqual([0, 0, 1]);
    expect(scene.read('video.mp4').equals(sampleFile('faststart'))).toBe(true);
  });

  it('is 0 for --help, for --version, and without a command, which prints the help', async ({ scene }) => {
    const [help, version, nothing] = await Promise.all([
      scene.run(['download', '--help']),
      scene.run(['--version']),
      scene.run([]),
    ]);
    expect([help.code, version.code, nothing.code]).toEqual([0, 0, 0]);
    expect(help.stdout.toString()).toContain('--skip-existing');
    expect(version.stdout.toString()).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect([nothing.stderr, help.stderr, version.stderr]).toEqual(['', '', '']);
    expect(nothing.stdout.toString()).toContain('mavi download ');
  });
});
