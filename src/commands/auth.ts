/** `mavi auth`: store, remove, show and test the key. */
import type { Command } from 'commander';
import { addEnd, addSettings, type CommandContext, settingTexts, subcommand } from './command.ts';

/** Adds the commands. */
export function addAuth(program: Command, context: CommandContext): void {
  const auth = subcommand(program, 'auth', 'store, remove, show (masked) and test the API key');
  const login = subcommand(
    auth,
    'login',
    'store the API key: asked for on a terminal, read from standard input otherwise',
  );
  addEnd(login, [
    ['mavi auth login', 'asks for the key, which is not shown'],
    ['mavi auth login < key.txt', 'from a file'],
  ]);
  login.action(() => context.run(async () => (await import('../auth/login.ts')).runLogin(context.host)));

  const logout = subcommand(auth, 'logout', 'remove the stored API key');
  addEnd(logout, [['mavi auth logout', 'forget the key']]);
  logout.action(() => context.run(async () => (await import('../auth/login.ts')).runLogout(context.host)));

  const status = subcommand(
    auth,
    'status',
    'say where the key comes from, and ask the API whether it is good',
  );
  addSettings(status, ['baseUrl', 'connectTimeoutMs', 'timeoutMs']);
  status.option('-v, --verbose', 'each request and answer on standard error, the key masked');
  addEnd(status, [['mavi auth status', 'is the key good?']]);
  status.action((flags: Record<string, unknown>) =>
    context.run(async () =>
      (await import('../auth/status.ts')).runStatus(
        settingTexts(flags),
        flags.verbose === true,
        context.host,
      ),
    ),
  );
}
