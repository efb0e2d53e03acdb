/**
 * A sync of many small videos, killed with `kill -9` at random moments and restarted each time. In the end, every
 * file is correct, no video was downloaded more often than the kills explain, and memory has not grown. Then every
 * file is renamed at random, some into subfolders: the next sync finds them all without downloading anything.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { StoredVideo } from '../../src/mock/library.ts';
import { type Mock, startMock } from '../../src/mock/server.ts';
import { generatedLibrary } from '../helpers/generated.ts';
import { builtProgram, scratchFolder } from './place.ts';

const SIZE_BYTES = 1500;
const CONCURRENCY = 8;
const MANIFEST = 'mavi-manifest.ndjson';
/** The largest allowed ratio between the memory peaks of two runs: garbage collection is not prompt. */
const MEMORY_SLACK = 1.35;
/** A run that downloads less than this fraction of the library has not reached its peak memory. */
const LEAST_PART = 1 / 50;

/** One run of the program, until it exits or is killed. */
interface Run {
  readonly killed: boolean;
  readonly code: number | null;
  readonly stderr: string;
  readonly seconds: number;
  readonly listings: number;
  /** The videos requested, in order. */
  readonly asked: readonly string[];
  readonly peakKib: number;
}

/** The paths of one soak. */
interface Stage {
  readonly mock: Mock;
  readonly program: string;
  readonly scratch: string;
  readonly library: string;
}

/** Runs the soak and prints its figures. Returns 0 if every check passes. */
export async function soak(argv: readonly string[], root: string): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      videos: { type: 'string', default: '20000' },
      kills: { type: 'string', default: '10' },
      seed: { type: 'string', default: '1' },
      in: { type: 'string', default: existsSync('/dev/shm') ? '/dev/shm' : tmpdir() },
    },
  });
  const count = Number(values.videos);
  const kills = Number(values.kills);
  const random = randomFrom(Number(values.seed));
  const videos = generatedLibrary({ count, sizeBytes: SIZE_BYTES });
  const mock = await startMock({ videos });
  const scratch = scratchFolder(values.in);
  const library = join(scratch, 'library');
  const stage = {
    mock,
    scratch,
    program: builtProgram({ root, folder: scratch }),
    library,
  };
  mkdirSync(library);
  const faults: string[] = [];
  const inFlight = new Map<string, number>();
  const runs: Run[] = [];
  const startedMs = performance.now();

  try {
    console.log(
      `${count} videos of ${SIZE_BYTES} bytes, ${kills} kills, seed ${values.seed}, in ${values.in}`,
    );
    for (let kill = 1; kill <= kills + 1; kill += 1) {
      const run = await syncOnce(stage, kill > kills ? null : killAfter(count, kills, kill, random));
      const present = new Set(readdirSync(library));
      const lost = run.killed ? run.asked.filter((id) => !present.has(`${id}.mp4`)) : [];
      for (const id of lost) inFlight.set(id, (inFlight.get(id) ?? 0) + 1);
      if (lost.length > CONCURRENCY) faults.push(`${lost.length} videos were in flight at kill ${kill}`);
      if (kill > kills && run.code !== 0) faults.push(`the last run exited with ${run.code}: ${run.stderr}`);
      runs.push(run);
      console.log(lineFor(run, kill, lost.length, present.size));
    }
    const again = await syncOnce(stage, null);
    console.log(lineFor(again, kills + 2, 0, readdirSync(library).length));
    if (again.code !== 0 || again.asked.length > 0)
      faults.push(`a further run requested ${again.asked.length} videos`);

    faults.push(...(await faultsOnDisk(library, count, videos.at)));
    faults.push(...faultsOfRequests(runs, inFlight, count));

    renameAll(library, random);
    const found = await syncOnce(stage, null);
    console.log(`after renaming all files: ${lineFor(found, kills + 3, 0, count)}`);
    const afterwards = await syncOnce(stage, null);
    console.log(lineFor(afterwards, kills + 4, 0, count));
    for (const { code, asked, stderr } of [found, afterwards]) {
      if (code !== 0 || asked.length > 0)
        faults.push(`after renaming: exited with ${code} after ${asked.length} downloads: ${stderr}`);
    }

    const peaks = runs.filter((run) => run.asked.length >= count * LEAST_PART).map((run) => run.peakKib);
    const least = Math.min(...peaks);
    if (Math.max(...peaks) > least * MEMORY_SLACK)
      faults.push(`memory grew from ${least} to ${Math.max(...peaks)} KiB`);
    const asked = runs.reduce((sum, run) => sum + run.asked.length, 0);
    const repeated = [...inFlight.values()].reduce((sum, times) => sum + times, 0);
    console.log(`${asked} downloads, ${repeated} of them repeated because a kill interrupted them`);
    console.log(
      `peak memory of a run: ${mib(least)} to ${mib(Math.max(...peaks))}; without downloads ${mib(again.peakKib)}`,
    );
    console.log(`${((performance.now() - startedMs) / 1000).toFixed(0)} s in total`);
  } finally {
    await mock.close();
  }
  for (const fault of faults.slice(0, 20)) console.error(`FAULT: ${fault}`);
  console.log(faults.length === 0 ? 'all checks passed' : `${faults.length} faults`);
  return faults.length === 0 ? 0 : 1;
}

/** After how many requests to kill: one kill interrupts the listing, the others come at random. */
function killAfter(count: number, kills: number, kill: number, random: () => number): number {
  const listings = Math.ceil(count / 200);
  if (kill === Math.ceil(kills / 2)) return Math.ceil(random() * listings);
  return listings + Math.ceil((random() * 2 * count) / (kills + 1));
}

/** Runs a sync until it exits, or kills it after the given number of requests. */
async function syncOnce(stage: Stage, requestsBeforeKill: number | null): Promise<Run> {
  const { mock, scratch, program, library } = stage;
  const first = mock.requests.length;
  const startedMs = performance.now();
  const args = [
    program,
    'sync',
    library,
    '--rate',
    '0',
    '-c',
    String(CONCURRENCY),
    '--progress',
    'none',
    '-q',
  ];
  const env = {
    PATH: process.env.PATH,
    MAVI_CONFIG_DIR: join(scratch, 'config'),
    MAVI_BASE_URL: mock.baseUrl,
    MAVI_API_KEY: mock.key,
  };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk);
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const watched = watch(child, mock, requestsBeforeKill === null ? null : first + requestsBeforeKill);
  const code = await ended;
  const { killed, peakKib } = watched();
  await settled(mock);
  const requests = mock.requests.slice(first);
  const asked = requests.filter(({ url }) => url.endsWith('/download')).map(({ json }) => videoNoOf(json));
  const seconds = (performance.now() - startedMs) / 1000;
  return { killed, code, stderr, seconds, asked, listings: requests.length - asked.length, peakKib };
}

/** Polls a process every few milliseconds; kills it when the mock has seen that many requests. */
function watch(child: ChildProcess, mock: Mock, killAt: number | null) {
  let killed = false;
  let peakKib = 0;
  const timer = setInterval(() => {
    peakKib = Math.max(peakKib, peakOf(child.pid));
    if (killAt === null || killed || mock.requests.length < killAt) return;
    killed = child.kill('SIGKILL');
  }, 5);
  return () => {
    clearInterval(timer);
    return { killed, peakKib };
  };
}

/** The peak memory of a process so far, in KiB; 0 after it has exited. */
function peakOf(pid: number | undefined): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Waits until the mock has received everything that the killed process had sent. */
async function settled(mock: Mock): Promise<void> {
  for (let before = -1; before !== mock.requests.length; ) {
    before = mock.requests.length;
    await pause(50);
  }
}

/** Renames every video in the folder, moving most of them into one of ten subfolders. */
function renameAll(library: string, random: () => number): void {
  for (let index = 0; index < 10; index += 1) mkdirSync(join(library, `folder ${index}`));
  for (const [index, name] of readdirSync(library).entries()) {
    if (!name.endsWith('.mp4')) continue;
    const folder = Math.floor(random() * 11);
    const renamed = `video ${Math.floor(random() * 1e9)} ${index}.mp4`;
    renameSync(join(library, name), join(library, folder === 10 ? '' : `folder ${folder}`, renamed));
  }
}

async function faultsOnDisk(
  library: string,
  count: number,
  at: (uniqueId: string, position: number) => StoredVideo | undefined,
): Promise<string[]> {
  const faults: string[] = [];
  const expected = new Map<string, string>();
  for (let position = 0; position < count; position += 1) {
    const video = at('default', position) as StoredVideo;
    const hash = createHash('sha256');
    for await (const piece of video.read(0, video.sizeBytes)) hash.update(piece);
    expected.set(`${video.videoNo}.mp4`, hash.digest('hex'));
  }
  const names = new Set(readdirSync(library));
  for (const [name, sha256] of expected) {
    if (!names.has(name)) faults.push(`${name} is missing`);
    else if (sha256Of(join(library, name)) !== sha256) faults.push(`${name} has different bytes`);
  }
  for (const name of names)
    if (!expected.has(name) && name !== MANIFEST) faults.push(`${name} was left behind`);
  for (const line of readFileSync(join(library, MANIFEST), 'utf8').split('\n').filter(Boolean)) {
    const record = parsed(line);
    // A kill may leave an incomplete line.
    if (record === null) continue;
    if (expected.get(record.file) !== record.sha256)
      faults.push(`the manifest has a different SHA-256 for ${record.file}`);
    expected.delete(record.file);
  }
  for (const name of expected.keys()) faults.push(`${name} is not in the manifest`);
  return faults;
}

function faultsOfRequests(
  runs: readonly Run[],
  inFlight: ReadonlyMap<string, number>,
  count: number,
): string[] {
  const times = new Map<string, number>();
  for (const id of runs.flatMap(({ asked }) => asked)) times.set(id, (times.get(id) ?? 0) + 1);
  const faults = times.size === count ? [] : [`${times.size} videos were requested, not ${count}`];
  for (const [id, asked] of times) {
    const explained = 1 + (inFlight.get(id) ?? 0);
    if (asked !== explained)
      faults.push(`${id} was downloaded ${asked} times; the kills explain ${explained}`);
  }
  return faults;
}

function lineFor(run: Run, number: number, lost: number, files: number): string {
  const { killed, code, seconds, listings, asked, peakKib } = run;
  const end = killed ? `killed, ${lost} in flight` : `exit ${code}`;
  const speed = asked.length === 0 ? '' : ` (${(asked.length / seconds).toFixed(0)}/s)`;
  return `run ${number}: ${seconds.toFixed(1)} s, ${listings} listings, ${asked.length} downloads${speed}, ${mib(peakKib)} peak, ${files} files; ${end}`;
}

function videoNoOf(json: unknown): string {
  return String((json as { video_no?: unknown } | undefined)?.video_no);
}

function parsed(line: string): { file: string; sha256: string } | null {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function sha256Of(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

function mib(kib: number): string {
  return `${(kib / 1024).toFixed(0)} MiB`;
}

/** Pseudo-random numbers from 0 to below 1, the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
