import { table } from '../markdown.ts';
import { SHORT_PASSES } from './cases.ts';
import { BARE_NODE, TO_NOTHING } from './contenders.ts';
import { LEAST_SECONDS, RATE_LIMIT, RATE_VIDEOS, type RateResult } from './rate.ts';
import type { CaseResult, Measurement } from './rounds.ts';
import { median } from './statistics.ts';
import { highestPeak, type Judgement, judge, LEAST_SERVER_LEAD, MOST_PEAK_BYTES } from './targets.ts';

/** Everything that a run has measured. */
export interface BenchRun {
  readonly date: string;
  readonly machine: string;
  readonly versions: ReadonlyMap<string, string>;
  readonly rounds: number;
  readonly results: readonly CaseResult[];
  /** Null if the case was not selected. */
  readonly rate: RateResult | null;
}

/** Targets and what was measured, side by side. */
export function targetsTable({ results, rate }: BenchRun): string {
  const rows = judge(results).map((each) => [
    wordsOf(each, results),
    `≤ ${each.target.atMost.toFixed(2)}`,
    each.median.toFixed(2),
    yesOrNo(each.met),
    Number.isFinite(each.serverLead) ? each.serverLead.toFixed(1) : '',
    each.bareNode?.toFixed(2) ?? '',
  ]);
  const peak = highestPeak(results);
  if (peak !== null) {
    const most = `< ${megabytes(MOST_PEAK_BYTES)}`;
    rows.push([
      'peak memory of any of these',
      most,
      megabytes(peak),
      yesOrNo(peak < MOST_PEAK_BYTES),
      '',
      '',
    ]);
  }
  if (rate !== null) {
    const seconds = median(rate.seconds);
    rows.push(
      [
        `${RATE_VIDEOS} videos at ${RATE_LIMIT.starts} in ${RATE_LIMIT.windowMs / 1000} s: requests refused by the account's limit`,
        '0',
        String(rate.refused),
        yesOrNo(rate.refused === 0),
        '',
        '',
      ],
      [
        `the same: seconds, where less than ${LEAST_SECONDS} is not possible`,
        '',
        seconds.toFixed(2),
        '',
        '',
        '',
      ],
    );
  }
  return table(['what', 'target', 'measured', 'met', 'server', BARE_NODE], rows);
}

/** The medians of all cases. */
export function measuresTable({ results }: BenchRun): string {
  const rows = results.flatMap(({ test, measurements }) =>
    [...measurements].map(([name, taken], index) => {
      const of = (pick: (measurement: Measurement) => number): number => median(taken.map(pick));
      const seconds = of((each) => each.seconds);
      return [
        index === 0 ? test.title : '',
        name,
        seconds.toFixed(3),
        test.sizeBytes === null ? '' : String(Math.round(test.sizeBytes / 1e6 / seconds)),
        of((each) => each.cpuSeconds).toFixed(3),
        of((each) => each.serverCpuSeconds).toFixed(2),
        megabytes(of((each) => each.peakBytes)),
      ];
    }),
  );
  return table(['case', 'command', 'seconds', 'MB/s', 'CPU seconds', 'server CPU', 'peak memory'], rows);
}

/** The page: `docs/benchmarks.md`. */
export function benchmarksPage(run: BenchRun): string {
  return `# How fast \`mavi\` is

Written by \`npm run bench\` from its own measurements: ${run.date}, ${run.machine}.
${[...run.versions].map(([name, version]) => `${name} ${version}`).join(', ')}.

![1 GiB: seconds by command](benchmarks.svg)

nginx sends an mp4 in chunks from memory, over the loopback address and as fast as the client reads (or at 400 MB/s where
that is said); files go to memory too (\`/dev/shm\`). So this is what the programs
cost themselves: over a real network, at a tenth of these speeds, all of them wait for the same bytes. Commands run in
turn, A B C A B C, ${run.rounds} rounds after one that does not count; a round of start-up and of 100 kB has the medians
of ${SHORT_PASSES} such turns. A ratio is taken within a round; the table has the median of the rounds. What \`mavi\` does
in this time and the others do not: it reads the boxes, flushes the file, and gives it its name in one step.

## Targets

The column "server" says how many seconds the other command took for each second of processor that nginx took: below
${LEAST_SERVER_LEAD} it is the server that is measured, and nothing is judged. What nginx gives to the fastest client is the row
"${TO_NOTHING}" below. The last column has the same ratio for the fewest lines of Node that do it (\`test/bench/bare-node.cjs\`). They check
nothing and write as it comes, so for 1 GiB they are no bound; for 100 kB they are what Node takes to start and to have
https. Where the server sets the pace, the last byte comes to all that keep up at the same time, and what one takes to
start and to end comes on top${startCost(run)}.

${targetsTable(run)}

## Ratios, round by round

${ratiosTable(run)}

## Medians

Standard output is a pipe that \`cat\` reads. CPU seconds are user and system time of the client; what \`cat\` and the
server took is not in them. Peak memory is the largest resident set of one process; the measurement itself cannot show
less than about 10 MB. Before each command three times the memory that its file takes, at most 6 GiB, is filled and freed, so
that none of them has to wait for memory that the host of a virtual machine has taken back. All commands run in the same
environment. In it NODE_EXTRA_CA_CERTS names the certificate of the run, and with that set Node reads all the
certificates that it has before anything else; start-up is shown without it too.
Chunks of one byte, and the pages of \`list\` and \`sync\`, come from \`mavi mock\`; those five pages a second are the API's own
pace, so of them processor time and memory are what to look at.

${measuresTable(run)}

## Make it again

\`\`\`sh
apt-get install -y nginx-light curl wget openssl python3-requests
npm ci
npm run bench
\`\`\`

\`npm run bench -- --help\` says how to run a part of it.
`;
}

/** By how much `mavi` ends after curl at the server's pace, and how much of that is Node's; nothing if it did not run. */
function startCost({ results }: BenchRun): string {
  const secondsOf = (id: string, name: string): string | null => {
    const taken = results.find(({ test }) => test.id === id)?.measurements.get(name);
    return taken === undefined ? null : median(taken.map(({ seconds }) => seconds)).toFixed(3);
  };
  const [own, curls] = [secondsOf('checksum-paced', 'mavi --checksum'), secondsOf('checksum-paced', 'curl')];
  const [bare, empty] = [BARE_NODE, 'node -e 0'].map((name) => secondsOf('file-https-100k', name));
  if (own === null || curls === null || !bare || !empty) return '';
  const later = (Number(own) - Number(curls)).toFixed(3);
  return `: \`mavi\` ends ${later} s after curl, and 100 kB over https take ${bare} s in a few lines of Node,
where an empty Node takes ${empty} s`;
}

function ratiosTable({ results }: BenchRun): string {
  const judgements = judge(results);
  const rounds = Math.max(0, ...judgements.map(({ ratios }) => ratios.length));
  return table(
    ['what', ...Array.from({ length: rounds }, (_, round) => String(round + 1))],
    judgements.map((each) => [
      wordsOf(each, results),
      ...Array.from({ length: rounds }, (_, round) => each.ratios[round]?.toFixed(2) ?? ''),
    ]),
  );
}

function wordsOf({ target }: Judgement, results: readonly CaseResult[]): string {
  const title = results.find(({ test }) => test.id === target.caseId)?.test.title;
  const measure = target.measure === 'seconds' ? 'time' : 'peak memory';
  return `${title}: ${measure} of \`${target.name}\` to \`${target.against}\``;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

function yesOrNo(met: boolean | null): string {
  if (met === null) return 'not judged';
  return met ? 'yes' : '**no**';
}
