/** `mavi auth`: store, remove, show and test the key. */
import type { Command } from 'commander';
import { addEnd, addProfile, addSettings, type CommandContext, settingTexts, subcommand } from './command.ts';

/** Adds the commands. */
export function addAuth(program: Command, { host, run }: CommandContext): void {
  const auth = subcommand(program, 'auth', 'store, remove and check the API key');
  const login = subcommand(
    auth,
    'login',
    'store the API key: typed on a terminal, else read from standard input',
  );
  addSettings(login, ['baseUrl', 'connectTimeoutMs', 'timeoutMs']);
  login.option('-v, --verbose', 'show each request and response on standard error, the key masked');
  addEnd(login, [
    ['mavi auth login', 'prompt for the key, which is not shown'],
    ['mavi auth login < key.txt', 'read it from a file'],
    ['mavi auth login --profile work', 'keep another account beside the default one'],
  ]);
  login.action((flags: Record<string, unknown>) =>
    run(async () =>
      (await import('../auth/login.ts')).runLogin(settingTexts(flags), flags.verbose === true, host),
    ),
  );

  const logout = subcommand(auth, 'logout', 'remove the stored API key');
  addProfile(logout);
  addEnd(logout, [['mavi auth logout', 'remove the key']]);
  logout.action((flags: Record<string, unknown>) =>
    run(async () => (await import('../auth/login.ts')).runLogout(settingTexts(flags), host)),
  );

  const status = subcommand(
    auth,
    'status',
    'show where the key comes from, and ask the API whether it is good',
  );
  addSettings(status, ['baseUrl', 'connectTimeoutMs', 'timeoutMs']);
  status.option('-v, --verbose', 'show each request and response on standard error, the key masked');
  addEnd(status, [['mavi auth status', 'check the key']]);
  status.action((flags: Record<string, unknown>) =>
    run(async () =>
      (await import('../auth/status.ts')).runStatus(settingTexts(flags), flags.verbose === true, host),
    ),
  );
}
