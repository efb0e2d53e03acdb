/** `mavi config`: settings other than the key. */
import type { Command } from 'commander';
import type { ConfigVerb } from '../config/run.ts';
import { DEFINITIONS } from '../settings/settings.ts';
import { addSettings, type CommandContext, settingTexts, subcommand } from './command.ts';

const HALF = "use half of the account's limit";
const OTHER = 'the file of another account';

/** The commands with their operands, what each does, and an example with its meaning. */
const COMMANDS = [
  ['list', 'show all settings in force, and where each comes from', 'mavi config list', 'show all settings'],
  ['get <name>', 'show the value of a setting in force', 'mavi config get rate', 'show the rate limit'],
  ['set <name> <value>', 'store the value of a setting', 'mavi config set rate 6', HALF],
  ['unset <name>', 'remove the stored value of a setting', 'mavi config unset rate', 'return to the default'],
  ['path', 'show where the settings file is', 'mavi config path --profile work', OTHER],
] as const;

const OPERANDS: Readonly<Record<string, string>> = {
  '<name>': 'such as rate',
  '<value>': 'as for the flag of that name',
};

/** Adds the commands. */
export function addConfig(program: Command, { host, run }: CommandContext): void {
  const settings = Object.values(DEFINITIONS).map((each) => `  ${each.config.padEnd(16)} ${each.summary}\n`);
  const examples = [
    ['mavi config set unique-id holiday_2025', 'use that scope by default'],
    ['mavi config list', 'show the settings in force, and where they come from'],
  ] as const;
  const summary = 'show and change settings other than the key';
  const config = subcommand(program, 'config', summary, examples, `\nSettings:\n${settings.join('')}`);
  for (const [usage, does, line, meaning] of COMMANDS) {
    const [verb, ...operands] = usage.split(' ') as [ConfigVerb, ...string[]];
    const command = subcommand(config, verb, does, [[line, meaning]]);
    for (const operand of operands) command.argument(operand, OPERANDS[operand]);
    run(addSettings(command, []), async (flags, given) =>
      (await import('./work.ts')).runConfig(verb, given, settingTexts(flags).profile, host),
    );
  }
}
