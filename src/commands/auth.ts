/** `mavi auth`: store, remove, show and check the key. */
import type { Command } from 'commander';
import {
  addEnd,
  addSettings,
  CONNECTION_SETTINGS,
  type CommandContext,
  type Flags,
  settingTexts,
  subcommand,
  VERBOSE,
} from './command.ts';

/** Adds the commands. */
export function addAuth(program: Command, { host, run }: CommandContext): void {
  const load = () => import('./work.ts');
  const auth = subcommand(program, 'auth', 'store, remove and check the API key');
  addEnd(auth, [
    ['mavi auth login', 'store a key'],
    ['mavi auth status', 'check it'],
  ]);
  const login = subcommand(auth, 'login', 'store the API key, typed at a prompt or read from standard input');
  addSettings(login.option(...VERBOSE), CONNECTION_SETTINGS);
  addEnd(login, [
    ['mavi auth login', 'prompt for the key, which is not shown'],
    ['mavi auth login < key.txt', 'read it from a file'],
    ['mavi auth login --profile work', 'keep another account beside the default one'],
  ]).action((flags: Flags) =>
    run(async () => (await load()).runLogin(settingTexts(flags), flags.verbose === true, host)),
  );

  const logout = addSettings(subcommand(auth, 'logout', 'remove the stored API key'), []);
  addEnd(logout, [['mavi auth logout', 'remove the key']]).action((flags: Flags) =>
    run(async () => (await load()).runLogout(settingTexts(flags), host)),
  );

  const status = subcommand(auth, 'status', 'show which API key is used, and check it with the API');
  addSettings(status.option(...VERBOSE), CONNECTION_SETTINGS);
  addEnd(status, [['mavi auth status', 'check the key']]).action((flags: Flags) =>
    run(async () => (await load()).runStatus(settingTexts(flags), flags.verbose === true, host)),
  );
}
