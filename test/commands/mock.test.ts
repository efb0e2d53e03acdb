import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../../src/cli.ts';
import { FAULTS } from '../../src/mock/faults.ts';
import { type FakeHost, fakeHost } from '../helpers/fake-host.ts';
import { moment } from '../helpers/moment.ts';
import { namesIn, tempDir } from '../helpers/temp-dir.ts';
import { SAMPLE_VIDEO_NOS, sampleFile } from '../mock/sample-files.ts';

const { faststart } = SAMPLE_VIDEO_NOS;

interface Mock {
  readonly host: FakeHost;
  readonly ended: Promise<number>;
  /** What it printed, as an environment. */
  readonly env: Record<string, string>;
}

/** A `mavi mock` that serves. */
async function serving(cwd: string, ...args: readonly string[]): Promise<Mock> {
  const printed = moment();
  let text = '';
  const host = fakeHost({
    cwd,
    writeOut: async (chunks) => {
      text += Buffer.concat(chunks).toString();
      printed.now();
    },
  });
  const ended = run(['mock', ...args], host);
  await Promise.race([printed.happened, ended]);
  onTestFinished(async () => {
    host.send('SIGTERM');
    await ended;
  });
  const env = Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => line.split('=', 2)),
  );
  return { host, ended, env: { ...env, MAVI_RATE: '0' } };
}

/** Runs one command against it. */
async function mavi(cwd: string, env: Record<string, string>, ...args: string[]) {
  const host = fakeHost({ cwd, env });
  const code = await run(args, host);
  return { code, out: host.output().toString(), errors: host.errors() };
}

describe('mock', () => {
  it('prints the variables that make mavi use it, and a download of a sample works', async () => {
    const cwd = tempDir();
    const { host, env } = await serving(cwd);
    expect(env.MAVI_BASE_URL).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/serve\/api\/v1$/);
    expect((await mavi(cwd, env, 'download', faststart, '-o', '-')).code).toBe(0);
    expect((await mavi(cwd, env, 'auth', 'status')).code).toBe(0);
    expect(host.errors()).toContain('4 videos');
  });

  it.for(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('ends on %s and stops listening', async (signal) => {
    const cwd = tempDir();
    const { host, ended, env } = await serving(cwd);
    host.send(signal);
    expect(await ended).toBe({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal]);
    expect((await mavi(cwd, env, 'download', faststart, '--retries', '0')).code).toBe(6);
  });

  it('applies the faults of --fault', async () => {
    const cwd = tempDir();
    const { env } = await serving(cwd, '--fault', 'drop@1000x2,rate-limitx1');
    const { code, errors } = await mavi(cwd, env, 'download', faststart);
    expect(code).toBe(0);
    expect(errors.match(/attempt \d/g)).toEqual(['attempt 2', 'attempt 3', 'attempt 4']);
    expect(errors).toContain('0429');
  });

  it('takes the faults of several flags one after the other', async () => {
    const cwd = tempDir();
    const { env } = await serving(cwd, '--fault', 'drop@1000x1', '--fault', 'rate-limitx1');
    const { code, errors } = await mavi(cwd, env, 'download', faststart);
    expect(code).toBe(0);
    expect(errors.match(/attempt \d/g)).toEqual(['attempt 2', 'attempt 3']);
    expect(errors).toContain('0429');
  });

  it('lists its faults', async () => {
    const { code, out } = await mavi(tempDir(), {}, 'mock', '--list-faults');
    expect(code).toBe(0);
    expect(out.split('\n').map((line) => line.split(' ')[0])).toEqual([...Object.keys(FAULTS), '']);
  });

  it('serves a folder: a file named after a video_no keeps it, others get one', async () => {
    const cwd = tempDir();
    mkdirSync(join(cwd, 'clips'));
    writeFileSync(join(cwd, 'clips', `${faststart}.mp4`), sampleFile('moov-last'));
    writeFileSync(join(cwd, 'clips', 'beach day.mp4'), sampleFile('fragmented'));
    writeFileSync(join(cwd, 'clips', '.hidden'), 'x');
    const { env } = await serving(cwd, '--videos', 'clips');
    const { out } = await mavi(cwd, env, 'list', '--ids');
    const videoNos = out.trim().split('\n');
    expect(videoNos.length).toBe(2);
    expect(videoNos).toContain(faststart);
    expect((await mavi(cwd, env, 'download', ...videoNos, '-d', 'copies')).code).toBe(0);
    expect(namesIn(join(cwd, 'copies'))).toEqual(videoNos.map((videoNo) => `${videoNo}.mp4`).sort());
  });

  it('enforces the account limit of --limit', async () => {
    const cwd = tempDir();
    const { env } = await serving(cwd, '--limit', '1/h');
    const first = await mavi(cwd, env, 'download', faststart, '-o', '/dev/null');
    const second = await mavi(cwd, env, 'download', faststart, '-o', '/dev/null', '--retries', '0');
    expect([first.code, second.code]).toEqual([0, 8]);
  });

  it('is exit 7 for a folder that is missing', async () => {
    const { code, errors } = await mavi(tempDir(), {}, 'mock', '--videos', 'none');
    expect(code).toBe(7);
    expect(errors).toContain('none');
  });

  it('is exit 7 for a port that is in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const { code, errors } = await mavi(tempDir(), {}, 'mock', '--port', String(port));
    expect(code).toBe(7);
    expect(errors).toContain(`port ${port} is already in use`);
  });
});
