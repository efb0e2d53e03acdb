import { readFileSync } from 'node:fs';
import { table } from '../markdown.ts';
import { shellLine } from '../shell.ts';
import { type Attempt, PATIENCE_MS } from './attempt.ts';
import type { Case } from './cases.ts';
import type { Tool } from './tools.ts';
import { type Verdict, verdictOn } from './verdict.ts';

/** Tools and cases; `attempts` has a row for each case and a column for each tool. */
export interface Matrix {
  readonly tools: readonly Tool[];
  readonly cases: readonly Case[];
  readonly attempts: readonly (readonly Attempt[])[];
}

/** What the page says about the run. */
export interface RunFacts {
  readonly date: string;
  readonly system: string;
  readonly versions: ReadonlyMap<string, string>;
}

/** A matrix as a Markdown table. */
export function matrixTable({ tools, cases, attempts }: Matrix): string {
  const rows = cases.map((test, row) => [
    test.title,
    ...(attempts[row] ?? []).map((attempt) => cell(attempt, verdictOn(attempt, hadOld(test)))),
  ]);
  return table(['what happens', ...tools.map(({ name }) => name)], rows);
}

/** The totals below the table. */
export function sumsTable({ tools, cases, attempts }: Matrix): string {
  const count = (column: number, holds: (verdict: Verdict) => boolean): string =>
    String(
      cases.filter((test, row) => {
        const attempt = attempts[row]?.[column];
        return attempt !== undefined && holds(verdictOn(attempt, hadOld(test)));
      }).length,
    );
  const sums: readonly [string, (verdict: Verdict) => boolean][] = [
    ['exit 0, and not the video', ({ silentlyWrong }) => silentlyWrong],
    ['failed, and left something wrong under the name', ({ leavesDamage }) => leavesDamage],
    ['gave the key to another origin', ({ givesKeyAway }) => givesKeyAway],
    [`had not ended after ${PATIENCE_MS / 1000} s`, ({ neverEnds }) => neverEnds],
    ['ended with the whole video in place', ({ whole }) => whole],
    ['right: the whole video, or a failure that says so and leaves all as it was', isRight],
  ];
  return table(
    [`of ${cases.length} cases`, ...tools.map(({ name }) => name)],
    sums.map(([title, holds]) => [title, ...tools.map((_, column) => count(column, holds))]),
  );
}

/** How many calls `npm run torture` made fail, as it counted them. */
function tortureTable(): string {
  const text = readFileSync(new URL('../../torture/counts.json', import.meta.url), 'utf8');
  const counts = Object.entries(JSON.parse(text) as Record<string, { calls: number; runs: number }>);
  const rows = counts.map(([title, { calls, runs }]) => [title, String(calls), String(runs)]);
  return table(['command', 'calls on files', 'runs'], rows);
}

/** The page: `docs/reliability.md`. */
export function reliabilityPage(peers: Matrix, unprovable: Matrix, facts: RunFacts): string {
  return `# What happens when a download goes wrong

The API answers errors with HTTP 200, says no length, and has a limit of 12 downloads a minute. Here \`mavi\` and the
tools that people use in its place meet the same faults, made by the mock API of this repository (\`mavi mock\`).

This page is written by \`npm run peers\`, from what it sees: run on ${facts.date}, ${facts.system}, with ${versionsText(facts)}.

## How to read it

Each cell has the exit code (or the signal that ended the tool), and what lies under the target's name afterwards.
**Bold with ⚠ is a silent wrong result: exit 0, and the video is not there**, so that a script goes on as if it were.
"+ name" is another file that was left. In the case of two runs, the two exit codes stand in the order of their start.
A Matroska original is what the server has; wrong is its name, which \`mavi\` puts right with \`--container any\`.

${matrixTable(peers)}

## The sums

${sumsTable(peers)}

Where the fault comes each time, no tool can end with the whole video; to fail without a trace is right then.

## What \`mavi\` cannot prove

The API sends no length and no checksum. So \`mavi\` reads the file itself: its boxes must be a complete chain, and
every sample that its tables name must have come. That finds a cut in a last box of size 0, a lost second \`mdat\` and a
fragmented file that ends before what its \`sidx\` or its duration announces. What remains:

- a fragmented file without \`sidx\`, \`mfra\` or a known duration, cut exactly at the edge of a fragment;
- a file that lost a whole optional box after all its media;
- other bytes in the place of media. \`--deep\` finds what was zeroed, overwritten or spliced in H.264 and H.265 video,
  for each sample is a chain of units with their lengths; a hole inside one large frame, and media made to fit, it can't.

With \`--lookup\` (and in \`mavi sync\`) the library tells the size: then the first is a failure, the second a warning and
\`expected_size\` in the record. \`--checksum\` proves only that a file has not changed since it was downloaded.

${matrixTable(unprovable)}

## Every call made to fail

\`npm run torture\` preloads a library into the built program that makes one call on a file fail: each call in turn,
with each of several errors, before it is made or after (a lost reply), by taking half of the bytes of a write, or by
killing the process there. After each run the target is the video or what it was, no temporary file is left, what the
manifest records is there, and the next run completes.

${tortureTable()}

Two more tests need no such library. One fails every call of the write path in the same process, as part of \`npm test\`.
The other records the calls of downloads and syncs and enumerates what a power cut may leave of them, at any moment and
with any part of what was not flushed missing: the target is absent, old or complete, and what is recorded is there.
Where a file system has no hard links, the name is held by an empty file until the video is renamed over it; a crash
between the two leaves that empty file, which the next run refuses to replace without \`--force\`. Downloads and syncs
also run on ext2, ext4, xfs, btrfs, exFAT, overlay, bindfs and rclone mounts.

## The commands

Each ran in an empty folder of its own, without settings of the user's, against a mock of its own. Time-outs are
short so that the run ends; a tool that was still running after ${PATIENCE_MS / 1000} s was killed. aria2c cannot POST: it asks with GET,
and a small door in front of the mock turns that into the POST, and hands on the answer byte for byte.

${[...peers.tools, ...unprovable.tools.filter((tool) => !peers.tools.includes(tool))].map(commandText).join('\n')}

The faults, in the words of \`mavi mock --fault\`:

${table(
  ['what happens', 'fault'],
  [...peers.cases, ...unprovable.cases].map(({ title, faults }) => [
    title,
    faults === '' ? 'none' : `\`${faults}\``,
  ]),
)}

## Make it again

\`\`\`sh
apt-get install -y curl wget wget2 aria2 python3-requests
npm ci
npm run peers
\`\`\`

\`npm run peers -- --only stall,two\` runs a few cases and prints them, without writing this page.
`;
}

function cell({ exits, remains, others, keyGivenAway, warned }: Attempt, verdict: Verdict): string {
  const codes = exits.map((exit) => (exit === null ? `killed after ${PATIENCE_MS / 1000} s` : String(exit)));
  const words = [
    `${codes.join(' and ')}, ${remains.words}`,
    ...others.map((name) => `+ ${name}`),
    ...(verdict.silentlyWrong && warned ? ['with a warning'] : []),
    ...(keyGivenAway === null ? [] : [keyGivenAway ? '**key sent there**' : 'key kept']),
  ];
  const [first = '', ...more] = words;
  return [verdict.silentlyWrong ? `**⚠ ${first}**` : first, ...more].join('; ');
}

function commandText(tool: Tool): string {
  const { argv, env } = tool.command({
    url: 'URL',
    getUrl: 'URL',
    baseUrl: 'BASE_URL',
    key: 'KEY',
    videoNo: 'VIDEO_NO',
    file: 'video.mp4',
    replace: false,
    root: '',
    bin: '',
  });
  const line = shellLine(tool.program === null ? ['mavi', ...argv.slice(2)] : argv);
  const withEnv =
    tool.program === 'Python'
      ? `${shellLine(Object.entries(env).map((pair) => pair.join('=')))} ${line}`
      : line;
  return `- ${tool.name}: \`${withEnv}\``;
}

function isRight(verdict: Verdict): boolean {
  return !(verdict.silentlyWrong || verdict.leavesDamage || verdict.givesKeyAway || verdict.neverEnds);
}

function versionsText({ versions }: RunFacts): string {
  return [...versions].map(([name, version]) => `${name} ${version}`).join(', ');
}

function hadOld({ scene }: Case): boolean {
  return scene === 'over-old-file';
}
