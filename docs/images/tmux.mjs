/** A terminal of tmux: types, waits, and reads the screen. */
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** How often the screen is looked at while something runs, in milliseconds. */
const LOOK_MS = 120;
/** How many letters are typed together, and how long that takes, in milliseconds. */
const LETTERS = 3;
const TYPING_MS = 70;
const PATIENCE_MS = 60_000;

/** Opens a window with a shell in it. */
export async function openTerminal({ socket, columns, rows, folder, env }) {
  const tmux = async (...args) =>
    (await run('tmux', ['-S', socket, '-f', '/dev/null', ...args.map(String)])).stdout;
  const given = Object.entries({ ...env, PS1: '$ ' }).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const shell = ['bash', '--norc', '--noprofile'];
  await tmux('new-session', '-d', '-x', columns, '-y', rows, '-c', folder, ...given, ...shell);
  await tmux('set-option', 'status', 'off');
  await tmux('resize-window', '-x', columns, '-y', rows);

  const shots = [];
  const look = async () => {
    const screen = (await tmux('capture-pane', '-e', '-p')).replace(/[ \n]+$/, '');
    const atMs = performance.now();
    const last = shots.at(-1);
    if (last !== undefined) last.ms = Math.round(atMs - last.atMs);
    if (last?.screen !== screen) shots.push({ screen, atMs, ms: 0 });
    return plain(screen);
  };

  return {
    /** The screens so far, and how long each stood, in milliseconds. */
    shots,
    /** Types a line as a person does, and Enter. */
    async type(line) {
      for (let at = 0; at < line.length; at += LETTERS) {
        await tmux('send-keys', '-l', '--', line.slice(at, at + LETTERS));
        await sleep(TYPING_MS);
        await look();
      }
      await sleep(400);
      await tmux('send-keys', 'Enter');
    },
    /** Looks until the screen fits. */
    async until(fits) {
      for (const endMs = performance.now() + PATIENCE_MS; ; ) {
        const screen = await look();
        if (fits.test(screen)) return;
        if (performance.now() > endMs) throw new Error(`${fits} never came:\n${screen}`);
        await sleep(LOOK_MS);
      }
    },
    /** Lets the reader read. */
    async rest(ms) {
      await sleep(ms);
      await look();
    },
    /** Puts a folder into the PATH, and forgets what was shown so far. */
    async clear(tools) {
      await tmux('send-keys', '-l', `PATH=${tools}:$PATH; clear`);
      await tmux('send-keys', 'Enter');
      await sleep(300);
      shots.length = 0;
    },
    close: () => tmux('kill-server'),
  };
}

function plain(screen) {
  return screen.replace(/\u001b\[[0-9;]*m/g, '');
}
