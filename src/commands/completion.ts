/** `mavi completion`: a script that teaches a shell what may follow `mavi`. */
import { Argument, type Command } from 'commander';
import type { Shell } from '../completion/run.ts';
import { type CommandContext, subcommand } from './command.ts';

/** Adds the command; the script covers all that the program has when it is run. */
export function addCompletion(program: Command, { host, run }: CommandContext): void {
  const shell = new Argument('<shell>', 'the shell to print it for').choices(['bash', 'zsh', 'fish']);
  const command = subcommand(program, 'completion', 'print a completion script for a shell', [
    [`echo 'source <(mavi completion bash)' >> ~/.bashrc`, 'bash'],
    [`echo 'source <(mavi completion zsh)' >> ~/.zshrc`, 'zsh, after the line with compinit'],
    ['mavi completion fish > ~/.config/fish/completions/mavi.fish', 'fish'],
  ]);
  run(command.addArgument(shell), async (_flags, [name]) =>
    (await import('../completion/run.ts')).runCompletion(name as Shell, program, host),
  );
}
