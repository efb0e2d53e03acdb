/** `mavi completion`: prints a script. */
import type { Command } from 'commander';
import type { ExitCode } from '../errors.ts';
import { type Host, print } from '../host.ts';
import { bashScript } from './bash.ts';
import { fishScript } from './fish.ts';
import { knownWords } from './known-words.ts';
import { type CommandShape, readTree } from './tree.ts';
import { zshScript } from './zsh.ts';

/** The shells that there are scripts for. */
export type Shell = 'bash' | 'zsh' | 'fish';

const SCRIPTS: Readonly<Record<Shell, (root: CommandShape) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** Prints the completion script of a shell for a tree of commands. */
export async function runCompletion(shell: Shell, program: Command, host: Host): Promise<ExitCode> {
  await print(host, SCRIPTS[shell](readTree(program, knownWords())));
  return 0;
}
