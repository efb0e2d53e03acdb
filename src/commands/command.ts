/** What all commands share: how they are declared, and the flags of settings. */
import { type Command, Option } from 'commander';
import type { ExitCode } from '../errors.ts';
import type { Host } from '../host.ts';
import { DEFINITIONS, SETTING_NAMES, type SettingName, type SettingTexts } from '../settings/settings.ts';

/** What a command is declared with. */
export interface CommandContext {
  readonly host: Host;
  /** Gives a command its work: from its flags and operands to the exit code. */
  readonly run: (command: Command, work: Work) => void;
}

/** The parsed flags of a command. */
export type Flags = Readonly<Record<string, unknown>>;

type Work = (flags: Flags, operands: readonly string[]) => Promise<ExitCode>;

/** The flag of every command that talks to the API, and its summary. */
export const VERBOSE = ['-v, --verbose', 'print each request and response, with the key masked'] as const;

/** The settings of a connection to the API. */
export const CONNECTION: readonly SettingName[] = ['baseUrl', 'connectTimeoutMs', 'timeoutMs'];

/** Adds `--profile` and the flags of settings to a command, all in one group of its help. */
export function addSettings(command: Command, names: readonly SettingName[]): Command {
  const add = (flag: string, summary: string, variable: string, fallback: string | null): void => {
    const notes = fallback === null ? variable : `${variable}; default: "${fallback}"`;
    command.addOption(new Option(flag, `${summary} (${notes})`).helpGroup('Settings:'));
  };
  add('--profile <name>', 'use the key and settings of this profile', 'MAVI_PROFILE', 'default');
  for (const { flag, summary, variable, fallback } of names.map((name) => DEFINITIONS[name])) {
    add(flag, summary, variable, fallback);
  }
  return command;
}

/** Adds what a command takes that only talks to the API: how it connects, and whether it shows that. */
export function addConnection(command: Command): void {
  addSettings(command.option(...VERBOSE), CONNECTION);
}

/** The texts of the settings among the flags; of a repeated one the first. */
export function settingTexts(flags: Flags): SettingTexts {
  const texts = SETTING_NAMES.map((name) => {
    const [text] = [flags[new Option(DEFINITIONS[name].flag).attributeName()]].flat();
    return [name, text];
  });
  return { ...Object.fromEntries(texts), profile: flags.profile };
}

const TOPICS_LINE = 'Help topics: mavi help exit-codes, mavi help environment, mavi help verification';

/** A command whose help ends with `notes`, the examples (a line and what it does) and the help topics. */
export function subcommand(
  parent: Command,
  name: string,
  summary: string,
  examples: readonly (readonly [string, string])[] = [],
  notes = '',
): Command {
  const command = parent.command(name).summary(summary).description(summary).helpCommand(false);
  const lines = examples.map(([line, meaning]) => `  # ${meaning}\n  ${line}\n`);
  const end = `${notes}\nExamples:\n${lines.join('')}\n${TOPICS_LINE}`;
  if (lines.length > 0) command.addHelpText('after', end);
  return command.showHelpAfterError(usageHint(command));
}

/** What to type next after a usage error of a command; indented as every hint is. */
export function usageHint(command: Command): string {
  const names: string[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) names.unshift(at.name());
  return `      see: ${names.join(' ')} --help`;
}
