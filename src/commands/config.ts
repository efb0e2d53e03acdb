/** `mavi config`: settings other than the key. */
import type { Command } from 'commander';
import { DEFINITIONS } from '../settings/settings.ts';
import { addEnd, addSettings, type CommandContext, subcommand } from './command.ts';

type Flags = { readonly profile?: string };

/** Adds the commands. */
export function addConfig(program: Command, { host, run }: CommandContext): void {
  const config = subcommand(program, 'config', 'show and change settings other than the key');
  const names = Object.values(DEFINITIONS).map(
    ({ config: name, summary }) => `  ${name.padEnd(16)} ${summary}`,
  );
  config.addHelpText('after', `\nSettings:\n${names.join('\n')}`);
  addEnd(config, [
    ['mavi config set unique-id holiday_2025', 'use that scope by default'],
    ['mavi config list', 'show the settings in force, and where they come from'],
  ]);
  const load = async () => (await import('./work.ts')).config;
  const add = (name: string, summary: string, line: string, meaning: string): Command =>
    addEnd(addSettings(subcommand(config, name, summary), []), [[line, meaning]]);

  const listed = 'show all settings in force, and where each comes from';
  add('list', listed, 'mavi config list', 'show all settings').action(({ profile }: Flags) =>
    run(async () => (await load()).runList(profile, host)),
  );
  add('get', 'show the value of a setting in force', 'mavi config get rate', 'show the rate limit')
    .argument('<name>', 'such as rate')
    .action((name: string, { profile }: Flags) =>
      run(async () => (await load()).runGet(name, profile, host)),
    );
  add('set', 'store the value of a setting', 'mavi config set rate 6', "use half of the account's limit")
    .argument('<name>', 'such as rate')
    .argument('<value>', 'as for the flag of that name')
    .action((name: string, value: string, { profile }: Flags) =>
      run(async () => (await load()).runSet(name, value, profile, host)),
    );
  add('unset', 'remove the stored value of a setting', 'mavi config unset rate', 'return to the default')
    .argument('<name>', 'such as rate')
    .action((name: string, { profile }: Flags) =>
      run(async () => (await load()).runUnset(name, profile, host)),
    );
  const work = 'mavi config path --profile work';
  add('path', 'show where the settings file is', work, 'the file of another account').action(
    ({ profile }: Flags) => run(async () => (await load()).runPath(profile, host)),
  );
}
