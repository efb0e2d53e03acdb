/** `mavi config`: settings other than the key. */
import type { Command } from 'commander';
import { DEFINITIONS } from '../settings/settings.ts';
import { addEnd, type CommandContext, subcommand } from './command.ts';

/** Adds the commands. */
export function addConfig(program: Command, context: CommandContext): void {
  const config = subcommand(program, 'config', 'settings other than the key');
  const names = Object.values(DEFINITIONS).map(
    ({ config: name, summary }) => `  ${name.padEnd(16)} ${summary}`,
  );
  config.addHelpText('after', `\nSettings:\n${names.join('\n')}`);
  addEnd(config, [
    ['mavi config set unique-id holiday_2025', 'download from that scope from now on'],
    ['mavi config list', 'what is in force, and where it comes from'],
  ]);
  const load = () => import('../config/run.ts');
  const { host } = context;

  const list = subcommand(config, 'list', 'all settings in force, and where each comes from');
  addEnd(list, [['mavi config list', 'what is in force?']]);
  list.action(() => context.run(async () => (await load()).runList(host)));

  const get = subcommand(config, 'get', 'the value of a setting in force').argument('<name>', 'such as rate');
  addEnd(get, [['mavi config get rate', 'how many starts a minute?']]);
  get.action((name: string) => context.run(async () => (await load()).runGet(name, host)));

  const set = subcommand(config, 'set', 'store the value of a setting')
    .argument('<name>', 'such as rate')
    .argument('<value>', 'as the flag of that name takes it');
  addEnd(set, [['mavi config set rate 6', 'leave half of the limit to others']]);
  set.action((name: string, value: string) =>
    context.run(async () => (await load()).runSet(name, value, host)),
  );

  const unset = subcommand(config, 'unset', 'forget the stored value of a setting').argument(
    '<name>',
    'such as rate',
  );
  addEnd(unset, [['mavi config unset rate', 'back to the default']]);
  unset.action((name: string) => context.run(async () => (await load()).runUnset(name, host)));

  const path = subcommand(config, 'path', 'where the config file is');
  addEnd(path, [['mavi config path', 'where is it?']]);
  path.action(() => context.run(async () => (await load()).runPath(host)));
}
