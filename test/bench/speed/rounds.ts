import { spawn } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { startMock } from '../../../src/mock/server.ts';
import { PYTHON } from '../machine.ts';
import type { SpeedCase } from './cases.ts';
import type { Contender, Work } from './contenders.ts';
import { median } from './statistics.ts';

/** What one run took. */
export interface Measurement {
  readonly seconds: number;
  /** User and system time of the command and its child processes. */
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  /** CPU time of the server meanwhile. */
  readonly serverCpuSeconds: number;
}

/** A case and the measurements of its commands, by name and round. */
export interface CaseResult {
  readonly test: SpeedCase;
  readonly measurements: ReadonlyMap<string, readonly Measurement[]>;
}

/** Runs the commands of a case in turn, A B C A B C, after one warm-up round. */
export async function runCase(
  test: SpeedCase,
  rounds: number,
  work: Work,
  onRound: (round: number, taken: ReadonlyMap<string, Measurement>) => void,
): Promise<CaseResult> {
  const measurements = new Map<string, Measurement[]>(test.contenders.map(({ name }) => [name, []]));
  const counted = Math.min(rounds, test.mostRounds ?? rounds);
  for (let round = 0; round <= counted; round += 1) {
    if (round === 0 && test.mostRounds !== undefined) continue;
    const taken = await runRound(test, work);
    if (round === 0) continue;
    for (const [name, measurement] of taken) measurements.get(name)?.push(measurement);
    onRound(round, taken);
  }
  return { test, measurements };
}

async function runRound(test: SpeedCase, work: Work): Promise<Map<string, Measurement>> {
  const passes: Map<string, Measurement>[] = [];
  for (let pass = 0; pass < (test.passes ?? 1); pass += 1) {
    const taken = new Map<string, Measurement>();
    for (const contender of test.contenders) {
      const options = test.mocks?.[contender.name];
      const mock = options && (await startMock(options));
      try {
        taken.set(contender.name, await measured(contender, mock ? { ...work, mock } : work));
      } finally {
        await mock?.close();
      }
    }
    passes.push(taken);
  }
  return new Map(
    test.contenders.map(({ name }) => {
      const all = passes.flatMap((taken) => taken.get(name) ?? []);
      const middle = (value: (each: Measurement) => number): number => median(all.map(value));
      const measurement: Measurement = {
        seconds: middle(({ seconds }) => seconds),
        cpuSeconds: middle(({ cpuSeconds }) => cpuSeconds),
        peakBytes: middle(({ peakBytes }) => peakBytes),
        serverCpuSeconds: middle(({ serverCpuSeconds }) => serverCpuSeconds),
      };
      return [name, measurement];
    }),
  );
}

const ZEROS = Buffer.alloc(1024 * 1024);
const MOST_WARM_BYTES = 6 * 2 ** 30;

/**
 * Fills and frees more memory than the file will need, because files are in memory. A virtual machine returns free
 * memory to its host and gets it back slowly, which would slow down the first command after a pause. It keeps
 * returning memory while a command runs, so this frees more than the command needs.
 */
function warmMemory(target: string, bytes: number): void {
  const file = openSync(target, 'w');
  const all = Math.min(bytes * 3, MOST_WARM_BYTES);
  for (let written = 0; written < all; written += ZEROS.length) writeSync(file, ZEROS);
  closeSync(file);
  rmSync(target);
}

/**
 * Runs one command with an empty target.
 * @throws Error if it fails or leaves an unexpected file
 */
export async function measured(contender: Contender, work: Work): Promise<Measurement> {
  const { name, pipes, fileBytes, files = 0 } = contender;
  warmMemory(work.target, fileBytes ?? 0);
  if (files > 0) mkdirSync(work.target);
  const serverBefore = work.serverCpuSeconds();
  const saidPath = join(work.home, 'said.txt');
  const said = openSync(saidPath, 'w');
  const command = [PYTHON, `${work.root}test/bench/speed/measure.py`, ...contender.argv(work)];
  // Through a shell where the output is piped, so that the bytes do not pass through this process.
  const [program = '', ...args] = pipes ? ['sh', '-c', '"$@" | cat > /dev/null', 'sh', ...command] : command;
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH, HOME: work.home, LC_ALL: 'C.UTF-8', ...contender.env(work) },
    stdio: ['ignore', said, said, 'pipe'],
  });
  closeSync(said);
  let report = '';
  child.stdio[3]?.on('data', (piece) => {
    report += String(piece);
  });
  await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  const { exitCode, ...measurement } = JSON.parse(report) as Omit<Measurement, 'serverCpuSeconds'> & {
    exitCode: number;
  };
  const serverCpuSeconds = work.serverCpuSeconds() - serverBefore;
  const left = files > 0 ? readdirSync(work.target).length : 0;
  const size = fileBytes === null ? null : statSync(work.target, { throwIfNoEntry: false })?.size;
  if (exitCode !== 0 || size !== fileBytes || left !== files) {
    const why = readFileSync(saidPath, 'utf8').slice(-500);
    throw new Error(
      `${name} failed: exit ${exitCode}, ${size} of ${fileBytes} bytes, ${left} of ${files} files; it said: ${why}`,
    );
  }
  rmSync(work.target, { recursive: true, force: true });
  return { ...measurement, serverCpuSeconds };
}
