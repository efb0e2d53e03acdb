/** `mavi config`: settings other than the key. */
import type { Command } from 'commander';
import { DEFINITIONS } from '../settings/settings.ts';
import { addExamples, type CommandContext, subcommand } from './command.ts';

/** Adds the commands. */
export function addConfig(program: Command, context: CommandContext): void {
  const config = subcommand(program, 'config', 'settings other than the key');
  const names = Object.values(DEFINITIONS).map(
    ({ config: name, summary }) => `  ${name.padEnd(16)} ${summary}`,
  );
  config.addHelpText('after', `\nSettings:\n${names.join('\n')}`);
  addExamples(config, [
    ['mavi config set unique-id holiday_2025', 'download from that scope from now on'],
    ['mavi config list', 'what is in force, and where it comes from'],
  ]);
  const load = () => import('../config/run.ts');
  const { host } = context;

  subcommand(config, 'list', 'all settings in force, and where each comes from').action(() =>
    context.run(async () => (await load()).runList(host)),
  );
  subcommand(config, 'get', 'the value of a setting in force')
    .argument('<name>')
    .action((name: string) => context.run(async () => (await load()).runGet(name, host)));
  subcommand(config, 'set', 'store the value of a setting')
    .argument('<name>')
    .argument('<value>')
    .action((name: string, value: string) =>
      context.run(async () => (await load()).runSet(name, value, host)),
    );
  subcommand(config, 'unset', 'forget the stored value of a setting')
    .argument('<name>')
    .action((name: string) => context.run(async () => (await load()).runUnset(name, host)));
  subcommand(config, 'path', 'where the config file is').action(() =>
    context.run(async () => (await load()).runPath(host)),
  );
}
