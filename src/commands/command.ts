/** What all commands share: how they are made, and how settings stand among their flags. */
import { type Command, Option } from 'commander';
import type { ExitCode } from '../errors.ts';
import type { Host } from '../host.ts';
import { DEFINITIONS, type SettingName, type SettingTexts } from '../settings/settings.ts';

/** What a command is made with. */
export interface CommandContext {
  readonly host: Host;
  /** Runs the work of a command; its answer is the exit code of the run. */
  readonly run: (work: () => Promise<ExitCode>) => Promise<void>;
}

/** The settings of every command that talks to the API. */
export const API_SETTINGS: readonly SettingName[] = [
  'uniqueId',
  'baseUrl',
  'retries',
  'connectTimeoutMs',
  'timeoutMs',
];

/** The settings of a command that downloads. */
export const DOWNLOAD_SETTINGS: readonly SettingName[] = [
  'uniqueId',
  'baseUrl',
  'rate',
  'concurrency',
  'retries',
  'connectTimeoutMs',
  'timeoutMs',
  'limitRate',
];

/** Adds the flags of settings to a command, all in one group of its help. */
export function addSettings(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) {
    const { flag, variable, fallback, summary } = DEFINITIONS[name];
    const notes = [variable, ...(fallback === null ? [] : [`default ${fallback}`])].join('; ');
    command.addOption(new Option(flag, `${summary} (${notes})`).helpGroup('Settings:'));
  }
  return command;
}

/** The texts of the settings among the parsed flags of a command. */
export function settingTexts(flags: Readonly<Record<string, unknown>>): SettingTexts {
  const texts: Partial<Record<SettingName, string>> = {};
  for (const [name, { config }] of Object.entries(DEFINITIONS) as [SettingName, { config: string }][]) {
    const flag = flags[config.replace(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase())];
    if (typeof flag === 'string') texts[name] = flag;
  }
  return texts;
}

/** Adds examples to the end of a command's help. */
export function addExamples(
  command: Command,
  examples: readonly (readonly [command: string, meaning: string])[],
): Command {
  const lines = examples.map(([line, meaning]) => `  # ${meaning}\n  ${line}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n\n')}`);
}

/** A command of that name that inherits how its parent exits and prints. */
export function subcommand(parent: Command, name: string, summary: string): Command {
  const command = parent.command(name).summary(summary).description(summary);
  return command.showHelpAfterError(false);
}
