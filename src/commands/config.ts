/** `mavi config`: settings other than the key. */
import type { Command } from 'commander';
import { DEFINITIONS } from '../settings/settings.ts';
import { addEnd, addProfile, type CommandContext, type Example, subcommand } from './command.ts';

/** Adds the commands. */
export function addConfig(program: Command, { host, run }: CommandContext): void {
  const config = subcommand(program, 'config', 'show and change settings other than the key');
  const names = Object.values(DEFINITIONS).map(
    ({ config: name, summary }) => `  ${name.padEnd(16)} ${summary}`,
  );
  config.addHelpText('after', `\nSettings:\n${names.join('\n')}`);
  addEnd(config, [
    ['mavi config set unique-id holiday_2025', 'download from that scope from now on'],
    ['mavi config list', 'show the settings in force, and where they come from'],
  ]);
  const load = () => import('../config/run.ts');
  const command = (name: string, summary: string, example: Example): Command => {
    const made = subcommand(config, name, summary);
    addProfile(made);
    return addEnd(made, [example]);
  };
  type Flags = { readonly profile?: string };

  command('list', 'show all settings in force, and where each comes from', [
    'mavi config list',
    'show all settings',
  ]).action(({ profile }: Flags) => run(async () => (await load()).runList(profile, host)));

  command('get', 'show the value of a setting in force', ['mavi config get rate', 'show the rate limit'])
    .argument('<name>', 'such as rate')
    .action((name: string, { profile }: Flags) =>
      run(async () => (await load()).runGet(name, profile, host)),
    );

  command('set', 'store the value of a setting', ['mavi config set rate 6', 'use half of the rate limit'])
    .argument('<name>', 'such as rate')
    .argument('<value>', 'as the flag of that name takes it')
    .action((name: string, value: string, { profile }: Flags) =>
      run(async () => (await load()).runSet(name, value, profile, host)),
    );

  command('unset', 'remove the stored value of a setting', [
    'mavi config unset rate',
    'return to the default',
  ])
    .argument('<name>', 'such as rate')
    .action((name: string, { profile }: Flags) =>
      run(async () => (await load()).runUnset(name, profile, host)),
    );

  command('path', 'show where the settings file is', [
    'mavi config path --profile work',
    'the file of another account',
  ]).action(({ profile }: Flags) => run(async () => (await load()).runPath(profile, host)));
}
