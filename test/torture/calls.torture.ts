import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect } from 'vitest';
import type { Ended } from '../helpers/program.ts';
import { it, type Scene } from '../helpers/scene.ts';
import { SAMPLE_VIDEO_NOS, sampleFile } from '../mock/sample-files.ts';

const { faststart, moovLast, fragmented } = SAMPLE_VIDEO_NOS;
const SAMPLES = { [faststart]: 'faststart', [moovLast]: 'moov-last', [fragmented]: 'fragmented' } as const;

/** A command, the files before it, and the videos that it creates. */
interface Case {
  readonly title: string;
  readonly args: readonly string[];
  /** Files in the folder before the run. */
  readonly before: Readonly<Record<string, string>>;
  /** The video of each file created. */
  readonly targets: Readonly<Record<string, keyof typeof SAMPLES>>;
  readonly manifest?: string;
  /** Faults of the mock. */
  readonly faults?: string;
  /** Whether link always fails, as on a file system without hard links. */
  readonly noLinks?: boolean;
}

const LIBRARY = {
  [`lib/${faststart}.mp4`]: faststart,
  [`lib/${moovLast}.mp4`]: moovLast,
  [`lib/${fragmented}.mp4`]: fragmented,
};

const CASES: readonly Case[] = [
  {
    title: 'a download',
    args: ['download', faststart, '-o', 'v.mp4'],
    before: {},
    targets: { 'v.mp4': faststart },
  },
  {
    title: 'a download that replaces, starting over once',
    args: ['download', faststart, '-o', 'v.mp4', '--force', '--retries', '1'],
    before: { 'v.mp4': 'old' },
    targets: { 'v.mp4': faststart },
    faults: 'hangup@100000x1',
  },
  {
    title: 'a download into a new folder, with a manifest',
    args: ['download', faststart, '-d', 'a/b', '--manifest', 'm.ndjson', '--checksum'],
    before: {},
    targets: { [`a/b/${faststart}.mp4`]: faststart },
    manifest: 'm.ndjson',
  },
  {
    title: 'a download without hard links',
    args: ['download', faststart, '-o', 'v.mp4'],
    before: {},
    targets: { 'v.mp4': faststart },
    noLinks: true,
  },
  {
    title: 'a sync',
    args: ['sync', 'lib', '-c', '1'],
    before: {},
    targets: LIBRARY,
    manifest: 'lib/mavi-manifest.ndjson',
  },
];

const ERRORS = ['EIO', 'ENOSPC', 'EACCES', 'EPERM', 'EROFS', 'EMFILE', 'ESTALE'] as const;
/** What is injected at each call. */
const HOWS = [
  ...ERRORS.map((code) => ({ how: 'before', code }) as const),
  { how: 'after', code: 'EIO' },
  { how: 'short', code: 'EIO' },
  { how: 'kill', code: 'EIO' },
] as const;

const SHIM = fileURLToPath(new URL('inject.c', import.meta.url));
const counts = new Map<string, { calls: number; runs: number }>();

interface Injection {
  readonly at: number;
  readonly how: string;
  readonly code: keyof typeof constants.errno;
}

/** Runs a case once in its own folder; describes every violation of the invariant. */
async function play(each: Case, injection: Injection, scene: Scene, shim: string): Promise<string[]> {
  const name = `run-${injection.at}-${injection.how}-${injection.code}`;
  const folder = scene.path(name);
  mkdirSync(folder);
  for (const [file, text] of Object.entries(each.before)) writeFileSync(join(folder, file), text);
  // Each run has its own mock, because faults are counted per request.
  const server = await scene.mock(each.faults === undefined ? {} : { faults: each.faults });
  const env = { MAVI_BASE_URL: server.baseUrl, UV_THREADPOOL_SIZE: '1', UV_USE_IO_URING: '0' };
  const inject = {
    LD_PRELOAD: shim,
    INJECT_BELOW: folder,
    INJECT_AT: String(injection.at),
    INJECT_HOW: injection.how,
    INJECT_ERRNO: String(constants.errno[injection.code]),
    INJECT_LOG: `${folder}.log`,
    ...(each.noLinks === true ? { INJECT_NO_LINKS: '1' } : {}),
  };
  const first = await scene.run(each.args, { folder, env: { ...env, ...inject } });
  const calls = readFileSync(`${folder}.log`, 'utf8').split('\n');
  const call = calls[injection.at - 1] ?? '';
  const violations =
    injection.how === 'kill' && injection.at > 0
      ? afterKill(each, folder)
      : afterEnd(each, folder, first, `${call} ${injection.how}`);
  // Whatever was left behind, the next run cleans up and completes.
  const again =
    each.args.includes('--force') || each.args[0] === 'sync' ? each.args : [...each.args, '--skip-existing'];
  const placeholder =
    each.noLinks === true && Object.keys(each.targets).some((file) => contentOf(folder, file)?.length === 0);
  if (!placeholder && injection.how !== 'short' && (injection.how !== 'before' || injection.code === 'EIO')) {
    const second = await scene.run(again, { folder, env });
    if (second.code !== 0) violations.push(`the next run exits ${second.code}: ${second.stderr}`);
    violations.push(
      ...afterEnd(each, folder, { ...second, code: 0 }, '').map(
        (finding) => `after the next run: ${finding}`,
      ),
    );
  }
  await server.close();
  rmSync(folder, { recursive: true });
  return violations.map(
    (finding) =>
      `${each.title}, call ${injection.at} (${call}), ${injection.how} ${injection.code}: ${finding}`,
  );
}

function afterEnd(
  each: Case,
  folder: string,
  { code, signal, stderr }: Pick<Ended, 'code' | 'signal' | 'stderr'>,
  call: string,
): string[] {
  const violations: string[] = [];
  if (code !== 0 && code !== 7) violations.push(`exit ${code} ${signal}: ${stderr}`);
  if (code === 7 && !stderr.includes('mavi: ')) violations.push(`no message: ${stderr}`);
  for (const [file, videoNo] of Object.entries(each.targets)) {
    const content = contentOf(folder, file);
    const isNew = content?.equals(sampleFile(SAMPLES[videoNo] as never)) === true;
    const isOld =
      content === null ? each.before[file] === undefined : content.toString() === each.before[file];
    if (!isNew && !isOld) violations.push(`${file} has ${content?.length} wrong bytes`);
    if (code === 0 && !isNew) violations.push(`exit 0, but ${file} is not the video`);
    // Some of several videos may be done; a single video is, if the message says that only its record failed.
    const isReported = stderr.includes('was downloaded') || Object.keys(each.targets).length > 1;
    if (code === 7 && isNew && !isReported) violations.push(`exit 7, but ${file} is the video`);
  }
  const strange = partialsIn(folder);
  // A file that could not be removed is reported, and removed by a later run. So is a lock that was made although the
  // call that made it failed, because it could be another process's.
  const isExcused =
    call.startsWith('unlink ') || (call === 'open after' && strange.every((file) => /\.lock/.test(file)));
  if (strange.length > 0 && !isExcused) violations.push(`left behind: ${strange.join(', ')}`);
  return [...violations, ...wrongRecords(each, folder)];
}

function afterKill(each: Case, folder: string): string[] {
  const violations: string[] = [];
  for (const [file, videoNo] of Object.entries(each.targets)) {
    const content = contentOf(folder, file);
    const isNew = content?.equals(sampleFile(SAMPLES[videoNo] as never)) === true;
    const isOld =
      content === null ? each.before[file] === undefined : content.toString() === each.before[file];
    const isPlaceholder = each.noLinks === true && content?.length === 0;
    if (!isNew && !isOld && !isPlaceholder) violations.push(`${file} has ${content?.length} wrong bytes`);
  }
  return [...violations, ...wrongRecords(each, folder)];
}

/** Records of files that are not the video. */
function wrongRecords(each: Case, folder: string): string[] {
  if (each.manifest === undefined) return [];
  const text = contentOf(folder, each.manifest)?.toString() ?? '';
  const recorded = Object.entries(each.targets).filter(([, videoNo]) =>
    text
      .split('\n')
      .some((line) => line.includes(videoNo) && line.includes('"status":"downloaded"') && line.endsWith('}')),
  );
  return recorded
    .filter(
      ([file, videoNo]) => contentOf(folder, file)?.equals(sampleFile(SAMPLES[videoNo] as never)) !== true,
    )
    .map(([file]) => `${file} is recorded, but is not the video`);
}

function partialsIn(folder: string): string[] {
  return readdirSync(folder, { encoding: 'utf8', recursive: true }).filter((file) =>
    /\.part$|\.lock/.test(file),
  );
}

function contentOf(folder: string, file: string): Buffer | null {
  const path = join(folder, file);
  return existsSync(path) ? readFileSync(path) : null;
}

describe('a failure of any file system call', () => {
  it.for(CASES)('keeps the invariant of $title', async (each, { scene }) => {
    const shim = scene.path('inject.so');
    execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-o', shim, SHIM, '-ldl']);
    expect(await play(each, { at: 0, how: 'before', code: 'EIO' }, scene, shim)).toEqual([]);
    const calls = readFileSync(scene.path('run-0-before-EIO.log'), 'utf8').trimEnd().split('\n');
    const injections = calls.flatMap((call, index) =>
      HOWS.filter(({ how }) => how !== 'short' || call.includes('write')).map((how) => ({
        at: index + 1,
        ...how,
      })),
    );
    const findings: string[] = [];
    const queue = injections.values();
    const work = async (): Promise<void> => {
      for (const injection of queue) findings.push(...(await play(each, injection, scene, shim)));
    };
    await Promise.all([work(), work()]);
    counts.set(each.title, { calls: calls.length, runs: injections.length });
    expect(findings).toEqual([]);
  });
});

afterAll(() => {
  const all = Object.fromEntries(counts);
  writeFileSync(new URL('counts.json', import.meta.url), `${JSON.stringify(all, null, 2)}\n`);
  for (const [title, { calls, runs }] of counts) {
    process.stdout.write(`torture: ${title}: ${calls} calls, ${runs} runs\n`);
  }
});
