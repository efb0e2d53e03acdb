/** `mavi completion`: prints a script. */
import type { Command } from 'commander';
import type { ExitCode } from '../errors.ts';
import { type Host, print } from '../host.ts';
import { FAULTS } from '../mock/faults.ts';
import { DEFINITIONS } from '../settings/settings.ts';
import { bashScript } from './bash.ts';
import { fishScript } from './fish.ts';
import { type CommandShape, readTree } from './tree.ts';
import { zshScript } from './zsh.ts';

/** The shells that there are scripts for. */
export type Shell = 'bash' | 'zsh' | 'fish';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript };

/** Prints the completion script of a shell for a tree of commands. */
export async function runCompletion(shell: Shell, program: Command, host: Host): Promise<ExitCode> {
  await print(host, SCRIPTS[shell](shapeOf(program)));
  return 0;
}

/** The tree, with the names of settings and faults, which are no choices of commander's. */
export function shapeOf(program: Command): CommandShape {
  const settings = Object.values(DEFINITIONS).map(({ config, summary }) => ({
    word: config,
    meaning: summary,
  }));
  const faults = Object.entries(FAULTS).map(([word, [meaning]]) => ({ word, meaning }));
  return readTree(
    program,
    new Map([
      ...['get', 'set', 'unset'].map((command) => [`config ${command} name`, settings] as const),
      ['mock --fault', faults],
    ]),
  );
}
