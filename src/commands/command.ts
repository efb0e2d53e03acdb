/** What all commands share: how they are declared, and the flags of settings. */
import { type Command, Option } from 'commander';
import type { ExitCode } from '../errors.ts';
import type { Host } from '../host.ts';
import { DEFINITIONS, type SettingName, type SettingTexts } from '../settings/settings.ts';

/** What a command is declared with. */
export interface CommandContext {
  readonly host: Host;
  /** Runs the work of a command, whose result is the exit code. */
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

/** Adds the flag that selects a profile. */
export function addProfile(command: Command): void {
  const summary = 'use the key and settings of that profile (MAVI_PROFILE; default default)';
  command.addOption(new Option('--profile <name>', summary).helpGroup('Settings:'));
}

/** Adds the flags of settings to a command, all in one group of its help. */
export function addSettings(command: Command, names: readonly SettingName[]): Command {
  addProfile(command);
  for (const name of names) {
    const { flag, variable, fallback, summary } = DEFINITIONS[name];
    const notes = [variable, ...(fallback === null ? [] : [`default ${fallback}`])].join('; ');
    command.addOption(new Option(flag, `${summary} (${notes})`).helpGroup('Settings:'));
  }
  return command;
}

/** The texts of the settings among the parsed flags of a command. */
export function settingTexts(flags: Readonly<Record<string, unknown>>): SettingTexts {
  const texts: Partial<Record<SettingName | 'profile', string>> = {};
  if (typeof flags.profile === 'string') texts.profile = flags.profile;
  for (const [name, { config }] of Object.entries(DEFINITIONS) as [SettingName, { config: string }][]) {
    const flag = flags[config.replace(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase())];
    if (typeof flag === 'string') texts[name] = flag;
  }
  return texts;
}

/** A command line, and what it does. */
export type Example = readonly [command: string, meaning: string];

/** Adds two or three examples, and the topics of `mavi help`, to the end of a command's help. */
export function addEnd(command: Command, examples: readonly Example[]): Command {
  const lines = examples.map(([line, meaning]) => `  # ${meaning}\n  ${line}\n`);
  const shown = lines.length === 0 ? '' : `\nExamples:\n${lines.join('')}`;
  return command.addHelpText('after', `${shown}\n${TOPICS_LINE}`);
}

const TOPICS_LINE = 'Help topics: mavi help exit-codes, mavi help environment, mavi help verification';

/** A command of that name that inherits how its parent exits and prints. */
export function subcommand(parent: Command, name: string, summary: string): Command {
  const command = parent.command(name).summary(summary).description(summary).helpCommand(false);
  return command.showHelpAfterError(usageHint(command));
}

/** What to type next after a usage error of a command; indented as every hint is. */
export function usageHint(command: Command): string {
  const names: string[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) names.unshift(at.name());
  return `      see: ${names.join(' ')} --help`;
}
