/** `mavi completion`: prints a script. */
import type { Command } from 'commander';
import type { ExitCode } from '../errors.ts';
import { type Host, print } from '../host.ts';
import { bashScript } from './bash.ts';
import { fishScript } from './fish.ts';
import { readTree } from './tree.ts';
import { zshScript } from './zsh.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript };

/** A shell that has a script. */
export type Shell = keyof typeof SCRIPTS;

/** Prints the completion script of a shell for a tree of commands. */
export async function runCompletion(shell: Shell, program: Command, host: Host): Promise<ExitCode> {
  await print(host, SCRIPTS[shell](readTree(program)));
  return 0;
}
