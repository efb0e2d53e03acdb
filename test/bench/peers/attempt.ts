import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Mock, startMock } from '../../../src/mock/server.ts';
import type { Case } from './cases.ts';
import { getAdapter } from './get-adapter.ts';
import { type Remains, remainsOf } from './remains.ts';
import type { Errand, Tool } from './tools.ts';
import { library, OLD_FILE } from './videos.ts';

/** What one tool did in one case. */
export interface Attempt {
  /** The exit code or the signal's name; null if it was still running after `PATIENCE_MS`. */
  readonly exits: readonly (number | string | null)[];
  readonly remains: Remains;
  /** Names of other files left behind. */
  readonly others: readonly string[];
  /** Whether the key was sent to another origin; null if no request went to one. */
  readonly keyGivenAway: boolean | null;
  /** Requests for the video. */
  readonly requests: number;
  /** Whether it printed a warning. */
  readonly warned: boolean;
  /** The end of its output. */
  readonly said: string;
}

/** How long a tool may run: well above the time after which any of them gives up by itself. */
export const PATIENCE_MS = 45_000;
const FILE = 'video.mp4';

/** What all attempts share. */
export interface Ground extends Pick<Errand, 'root' | 'bin'> {
  /** Where the folders of the attempts are created. */
  readonly parent: string;
}

/** Runs a tool in its own folder, against its own mock. */
export async function attempt(tool: Tool, test: Case, { parent, ...programs }: Ground): Promise<Attempt> {
  const { video, scene } = test;
  const home = mkdtempSync(join(parent, 'home-'));
  const folder = mkdtempSync(join(parent, 'work-'));
  const mock = await startMock({ videos: library(), faults: test.faults });
  const url = `${mock.baseUrl}/download`;
  const adapter = await getAdapter(url, JSON.stringify({ video_no: video.videoNo, unique_id: 'default' }));
  const old = scene === 'over-old-file' ? OLD_FILE : null;
  const errand: Errand = {
    url,
    getUrl: adapter.url,
    baseUrl: mock.baseUrl,
    key: mock.key,
    videoNo: video.videoNo,
    file: FILE,
    replace: old !== null,
    ...programs,
  };
  if (old !== null) writeFileSync(join(folder, FILE), old);
  try {
    const start = (): Run => run(tool, errand, folder, home);
    const runs = [start()];
    const size = video.bytes.length;
    if (scene === 'two-at-once') {
      await sent(mock, 0.7 * size, runs);
      runs.push(start());
    } else if (scene === 'interrupted') {
      await sent(mock, 0.5 * size, runs);
      runs[0]?.child.kill('SIGINT');
    }
    const exits = await Promise.all(runs.map(({ exit }) => exit));
    const elsewhere = mock.requests.filter(({ origin }) => !mock.baseUrl.startsWith(origin));
    return {
      exits,
      remains: remainsOf(join(folder, FILE), video.bytes, old),
      others: readdirSync(folder).filter((name) => name !== FILE),
      keyGivenAway:
        elsewhere.length === 0 ? null : elsewhere.some(({ headers }) => headers.authorization === mock.key),
      requests: mock.requests.filter(({ url: asked }) => !asked.includes('/list_')).length,
      warned: runs.some(({ said }) => /\bwarning: /i.test(said())),
      said: runs.map(({ said }) => said().slice(-300)).join(' | '),
    };
  } finally {
    await adapter.close();
    await mock.close();
    rmSync(home, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Run {
  readonly child: ChildProcess;
  readonly exit: Promise<number | string | null>;
  readonly said: () => string;
}

/** Starts a tool without the user's settings. */
function run(tool: Tool, errand: Errand, folder: string, home: string): Run {
  const { argv, env } = tool.command(errand);
  const [program = '', ...args] = argv;
  const child = spawn(program, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: home, LC_ALL: 'C.UTF-8', MAVI_CONFIG_DIR: home, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (piece) => {
      said += String(piece);
    });
  }
  const exit = new Promise<number | string | null>((resolve, reject) => {
    let patient = true;
    const timer = setTimeout(() => {
      patient = false;
      child.kill('SIGKILL');
    }, PATIENCE_MS);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve(patient ? (code ?? signal) : null);
    });
  });
  return { child, exit, said: () => said };
}

/** Waits until so many bytes of the first response have been sent, or the first run has ended. */
async function sent(mock: Mock, bytes: number, [first]: readonly Run[]): Promise<void> {
  let over = false;
  void first?.exit.then(() => {
    over = true;
  });
  while (!over && (mock.requests[0]?.bytesSent ?? 0) < bytes) await delay(2);
}
