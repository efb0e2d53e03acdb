/** `npm run peers`: runs each tool against each fault and writes the page with the results. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { version } from '../../../src/version.ts';
import { systemName, versionsOf } from '../machine.ts';
import { builtProgram, type Place, scratchFolder } from '../place.ts';
import { type Attempt, attempt } from './attempt.ts';
import { CASES, type Case, UNPROVABLE } from './cases.ts';
import { type Matrix, matrixTable, reliabilityPage, sumsTable } from './page.ts';
import { MAVI_DEEP, MAVI_LOOKUP, TOOLS, type Tool } from './tools.ts';

/** Runs all cases, or those of `--only`; returns the exit code. */
export async function main(args: readonly string[], place: Place): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { only: { type: 'string' }, verbose: { type: 'boolean', default: false } },
  });
  const wanted = values.only?.split(',');
  const chosen = (cases: readonly Case[]): readonly Case[] =>
    cases.filter(({ id }) => wanted === undefined || wanted.includes(id));
  const versions = new Map([
    ['mavi', version],
    ...versionsOf(['Node', 'curl', 'wget', 'wget2', 'aria2c', 'Python']),
  ]);
  const { root } = place;
  const ground = { root, bin: builtProgram(place), parent: scratchFolder(tmpdir()) };
  const meet = async (tools: readonly Tool[], cases: readonly Case[]): Promise<Matrix> => {
    const attempts: Attempt[][] = [];
    for (const test of cases) {
      console.error(`${test.id}: ${test.title}`);
      // The tools spend most of their time waiting, so all of them run a case in parallel.
      const row = await Promise.all(tools.map((tool) => attempt(tool, test, ground)));
      attempts.push(row);
      for (const [index, each] of row.entries())
        if (test.faults === '' && test.video.served === undefined) demandWhole(each, tools[index]);
      if (values.verbose)
        row.forEach(({ said, requests }, index) => {
          console.error(`  ${tools[index]?.name} (${requests} requests): ${said.replace(/\s+/g, ' ')}`);
        });
    }
    return { tools, cases, attempts };
  };
  const mavi = TOOLS.slice(-1);
  const peers = await meet(TOOLS, chosen(CASES));
  const unprovable = await meet([...TOOLS.slice(0, 2), ...mavi, MAVI_LOOKUP, MAVI_DEEP], chosen(UNPROVABLE));
  if (wanted !== undefined) {
    console.log([matrixTable(peers), sumsTable(peers), matrixTable(unprovable)].join('\n\n'));
    return 0;
  }
  const facts = { date: new Date().toISOString().slice(0, 10), system: systemName(), versions };
  mkdirSync(join(root, 'docs'), { recursive: true });
  writeFileSync(join(root, 'docs/reliability.md'), reliabilityPage(peers, unprovable, facts));
  console.log(`${sumsTable(peers)}\n\ndocs/reliability.md is written`);
  return 0;
}

/** A tool that fails without a fault is set up wrongly; its results with faults would mean nothing. */
function demandWhole({ remains, exits, said }: Attempt, tool: Tool | undefined): void {
  if (remains.kind === 'complete' && exits[0] === 0) return;
  throw new Error(`${tool?.name} fails without any fault (exit ${exits[0]}): ${said}`);
}
