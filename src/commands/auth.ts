/** `mavi auth`: store, remove, show and check the key. */
import type { Command } from 'commander';
import { addConnection, addSettings, type CommandContext, settingTexts, subcommand } from './command.ts';

/** Adds the commands. */
export function addAuth(program: Command, { host, run }: CommandContext): void {
  const load = () => import('./work.ts');
  const auth = subcommand(program, 'auth', 'store, remove and check the API key', [
    ['mavi auth login', 'store a key'],
    ['mavi auth status', 'check it'],
  ]);
  const typed = 'store the API key, typed at a prompt or read from standard input';
  const login = subcommand(auth, 'login', typed, [
    ['mavi auth login', 'prompt for the key, which is not shown'],
    ['mavi auth login < key.txt', 'read it from a file'],
    ['mavi auth login --profile work', 'keep another account beside the default one'],
  ]);
  addConnection(login);
  run(login, async (flags) => (await load()).runLogin(settingTexts(flags), flags.verbose === true, host));

  const remove = ['mavi auth logout', 'remove the key'] as const;
  const logout = subcommand(auth, 'logout', 'remove the stored API key', [remove]);
  addSettings(logout, []);
  run(logout, async (flags) => (await load()).runLogout(settingTexts(flags), host));

  const check = ['mavi auth status', 'check the key'] as const;
  const status = subcommand(auth, 'status', 'show which API key is used, and check it with the API', [check]);
  addConnection(status);
  run(status, async (flags) => (await load()).runStatus(settingTexts(flags), flags.verbose === true, host));
}
