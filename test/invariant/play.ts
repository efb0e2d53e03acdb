/** Plays one case: a mock, a folder, a run of the command, and a check of what it leaves. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../src/cli.ts';
import type { StoredVideo } from '../../src/mock/library.ts';
import { type Mock, type MockOptions, startMock } from '../../src/mock/server.ts';
import type { VideoRecord } from '../../src/record.ts';
import { type FakeHost, type FakeHostOptions, fakeHost } from '../helpers/fake-host.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { bytesOf } from '../helpers/videos.ts';
import { envFor } from '../helpers/with-mock.ts';
import { eagerClock, goneQuiet } from './eager-clock.ts';
import { fileBefore, violationsOf } from './invariant.ts';

/** One case. */
export interface Case {
  /** Its own folder; created if missing. */
  readonly folder: string;
  readonly video: StoredVideo;
  readonly to: 'file' | 'stdout';
  /** The faults of the requests for the video. */
  readonly faults: string;
  readonly retries: number;
  /** The content of the target before the run, which then uses `--force`. */
  readonly existing?: Uint8Array;
  /** Settings stored beforehand with `mavi config set`; default: no settings file. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Further arguments. */
  readonly args?: readonly string[];
  readonly mock?: MockOptions;
  readonly host?: Partial<FakeHostOptions>;
  /** The correct content under these faults; default: the video's bytes. */
  readonly truth?: (video: Uint8Array) => Uint8Array;
  /** Requests per attempt, with redirects; default 1. */
  readonly hops?: number;
  /** Requests that are not attempts, such as those of a listing; default 0. */
  readonly otherRequests?: number;
  /** The first timeout fires after so many bytes of standard output; default: when the server is quiet. */
  readonly firstTimeOutAt?: number;
  /** Sends SIGINT to the run so many milliseconds after a request has arrived. */
  readonly interrupt?: { readonly request: number; readonly delayMs: number };
}

/** How a case ended. */
export interface Played {
  readonly exitCode: number;
  /** The record that the run printed. */
  readonly record: VideoRecord;
  /** Violations of the invariant; empty if there is none. */
  readonly violations: readonly string[];
  /** All requests that the server saw. */
  readonly requests: Mock['requests'];
  readonly errors: string;
}

/** Plays a case on a clock that never waits, and checks the invariant. */
export async function play(played: Case): Promise<Played> {
  const { folder, video, to, faults, retries, existing, interrupt, hops = 1, otherRequests = 0 } = played;
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'video.mp4');
  if (existing !== undefined) writeFileSync(path, existing);
  const before = fileBefore(path);
  const bytes = await bytesOf(video);
  const { firstTimeOutAt } = played;
  let rings = 0;
  const clock = eagerClock(
    firstTimeOutAt === undefined
      ? goneQuiet(() => mock.requests)
      : () => host.output().length >= firstTimeOutAt && rings++ === 0,
  );
  const mock = await startMock({
    nowMs: clock.nowMs,
    onRequest({ order }) {
      if (order === interrupt?.request) setTimeout(() => host.send('SIGINT'), interrupt.delayMs);
    },
    ...played.mock,
    videos: [video],
    faults,
  });
  const env = { ...envFor(mock), MAVI_CONFIG_DIR: tempDir() };
  for (const [name, value] of Object.entries(played.settings ?? {})) {
    const code = await run(['config', 'set', name, value], fakeHost({ cwd: folder, env }));
    if (code !== 0) throw new Error(`mavi config set ${name} ${value}: exit ${code}`);
  }
  const host = fakeHost({
    cwd: folder,
    env,
    clock,
    ...played.host,
  });
  try {
    const args = ['download', video.videoNo, '-o', to === 'file' ? path : '-', '--retries', `${retries}`];
    const force = existing === undefined ? [] : ['--force'];
    const exitCode = await run([...args, ...force, '--json', '--verbose', ...(played.args ?? [])], host);
    const output = host.output();
    const text = to === 'file' ? output.toString() + host.errors() : host.errors();
    const violations = violationsOf({
      exitCode,
      target: to === 'file' ? before : { kind: 'stdout', bytes: output },
      truth: played.truth?.(bytes) ?? bytes,
      text,
      mock,
      mostRequests: (1 + retries) * hops + otherRequests,
    });
    return {
      exitCode,
      record: recordIn(host, to),
      violations,
      requests: mock.requests,
      errors: host.errors(),
    };
  } finally {
    await mock.close();
  }
}

/** Plays many cases, several in parallel because they mostly wait; returns the findings in order. */
export async function playAll<T>(
  cases: readonly T[],
  playOne: (each: T) => Promise<string[]>,
): Promise<string[]> {
  const findings: string[][] = cases.map(() => []);
  const queue = cases.entries();
  const work = async (): Promise<void> => {
    for (const [index, each] of queue) findings[index] = await playOne(each);
  };
  await Promise.all(Array.from({ length: PARALLEL_CASES }, work));
  return findings.flat();
}

const PARALLEL_CASES = 12;

function recordIn(host: FakeHost, to: Case['to']): VideoRecord {
  const text = to === 'file' ? host.output().toString() : host.errors();
  const line = text.split('\n').find((each) => each.startsWith('{"video_no"'));
  if (line === undefined) throw new Error(`No record was printed:\n${host.errors()}`);
  return JSON.parse(line);
}
