/** What all commands share: how they are declared, and the flags of settings. */
import { type Command, Option } from 'commander';
import type { ExitCode } from '../errors.ts';
import type { Host } from '../host.ts';
import { DEFINITIONS, SETTING_NAMES, type SettingName, type SettingTexts } from '../settings/settings.ts';

/** What a command is declared with. */
export interface CommandContext {
  readonly host: Host;
  /** Runs the work of a command, whose result is the exit code. */
  readonly run: (work: () => Promise<ExitCode>) => Promise<void>;
}

/** The parsed flags of a command. */
export type Flags = Readonly<Record<string, unknown>>;

/** The flag of every command that talks to the API, and its summary. */
export const VERBOSE = ['-v, --verbose', 'print each request and response, with the key masked'] as const;

/** The settings of a connection to the API. */
export const CONNECTION_SETTINGS: readonly SettingName[] = ['baseUrl', 'connectTimeoutMs', 'timeoutMs'];

/** Adds `--profile` and the flags of settings to a command, all in one group of its help. */
export function addSettings(command: Command, names: readonly SettingName[]): Command {
  const add = (flag: string, summary: string, variable: string, fallback: string | null): void => {
    const notes = fallback === null ? variable : `${variable}; default: "${fallback}"`;
    command.addOption(new Option(flag, `${summary} (${notes})`).helpGroup('Settings:'));
  };
  add('--profile <name>', 'use the key and settings of this profile', 'MAVI_PROFILE', 'default');
  for (const name of names) {
    const { flag, summary, variable, fallback } = DEFINITIONS[name];
    add(flag, summary, variable, fallback);
  }
  return command;
}

/** The texts of the settings among the flags; of a repeated one the first. */
export function settingTexts(flags: Flags): SettingTexts {
  const texts: Partial<Record<SettingName | 'profile', string>> = {};
  if (typeof flags.profile === 'string') texts.profile = flags.profile;
  for (const name of SETTING_NAMES) {
    const [text] = [flags[new Option(DEFINITIONS[name].flag).attributeName()]].flat();
    if (typeof text === 'string') texts[name] = text;
  }
  return texts;
}

const TOPICS_LINE = 'Help topics: mavi help exit-codes, mavi help environment, mavi help verification';

/** Adds examples, each a command line and what it does, and the topics of `mavi help`, to the end of a command's help. */
export function addEnd(command: Command, examples: readonly (readonly [string, string])[]): Command {
  const lines = examples.map(([line, meaning]) => `  # ${meaning}\n  ${line}\n`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('')}\n${TOPICS_LINE}`);
}

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
