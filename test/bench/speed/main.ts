/** `npm run bench`: speed, CPU time and memory, compared with the tools that people would use instead. */
import { mkdirSync, statfsSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { version } from '../../../src/version.ts';
import { machineText, versionsOf } from '../machine.ts';
import { builtProgram, type Place, scratchFolder } from '../place.ts';
import { startBenchServer } from './bench-server.ts';
import { CASES, SERVED_SIZES, type SpeedCase } from './cases.ts';
import type { Work } from './contenders.ts';
import { type BenchRun, benchmarksPage, measuresTable, targetsTable } from './page.ts';
import { picture } from './picture.ts';
import { RATE_ID, type RateResult, runRate } from './rate.ts';
import { type CaseResult, runCase } from './rounds.ts';

const HELP = `npm run bench [-- options]
  --only <ids>    cases whose id begins so, comma-separated: ${[...CASES.map(({ id }) => id), RATE_ID].join(', ')}
  --rounds <n>    default 5; with fewer, or with --only, nothing is written
  --dir <folder>  where files go; default /dev/shm, memory that looks like a disk
  --bin <file>    another launcher of mavi to measure; then nothing is written`;

/** The largest file of a case, with room to spare. */
const ROOM_BYTES = 9 * 2 ** 30;
const FULL_ROUNDS = 5;

/** Runs all cases, or those of `--only`; returns the exit code, 1 if a target was missed. */
export async function main(args: readonly string[], place: Place): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: '' },
      rounds: { type: 'string', default: String(FULL_ROUNDS) },
      dir: { type: 'string', default: '/dev/shm' },
      bin: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const rounds = Number(values.rounds);
  const wanted = values.only.split(',');
  const isWanted = ({ id }: Pick<SpeedCase, 'id'>): boolean => wanted.some((each) => id.startsWith(each));
  const machine = machineText();
  if ((loadavg()[0] ?? 0) > 0.5) console.error('The machine is busy: these numbers are only a hint.');
  const versions = new Map([
    ['mavi', version],
    ...versionsOf(['Node', 'nginx', 'curl', 'wget', 'openssl', 'Python']),
  ]);
  const files = scratchFolder(values.dir);
  const room = statfsSync(files);
  if (room.bavail * room.bsize < ROOM_BYTES) throw new Error(`${values.dir} has less than 9 GiB of room`);
  const server = await startBenchServer(place.folder, files, SERVED_SIZES);
  const work: Work = {
    root: place.root,
    bin: values.bin ?? builtProgram(place),
    origins: server.origins,
    certPath: server.certPath,
    serverCpuSeconds: server.serverCpuSeconds,
    target: join(files, 'video.mp4'),
    home: scratchFolder(place.folder),
  };
  const results: CaseResult[] = [];
  let rate: RateResult | null = null;
  try {
    for (const test of CASES.filter(isWanted)) results.push(await runAloud(test, rounds, work));
    if (isWanted({ id: RATE_ID })) rate = await runRate(Math.min(rounds, 3), work);
  } finally {
    server.close();
  }
  const run: BenchRun = {
    date: new Date().toISOString().slice(0, 10),
    machine,
    versions,
    rounds,
    results,
    rate,
  };
  console.log(`\n${measuresTable(run)}\n\n${targetsTable(run)}`);
  if (values.only === '' && values.bin === undefined && rounds >= FULL_ROUNDS) {
    mkdirSync(join(place.root, 'docs'), { recursive: true });
    writeFileSync(join(place.root, 'docs/benchmarks.md'), benchmarksPage(run));
    writeFileSync(join(place.root, 'docs/benchmarks.svg'), picture(run));
    console.log('\ndocs/benchmarks.md and docs/benchmarks.svg are written');
  }
  return 0;
}

async function runAloud(test: SpeedCase, rounds: number, work: Work): Promise<CaseResult> {
  console.log(`${test.id}: ${test.title}`);
  return runCase(test, rounds, work, (round, taken) => {
    const [first, ...others] = [...taken];
    if (first === undefined) return;
    const [name, { seconds }] = first;
    const ratios = others.map(
      ([other, { seconds: theirs }]) => `${(seconds / theirs).toFixed(2)} x ${other}`,
    );
    console.log(`  round ${round}: ${name} ${seconds.toFixed(3)} s, ${ratios.join(', ')}`);
  });
}
