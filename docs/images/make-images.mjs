/**
 * Makes the pictures of the documentation: runs the real program against `mavi mock` in a terminal of tmux, and
 * draws what stands on its screen. `node docs/images/make-images.mjs`, after `npm run build`; needs tmux.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { animation, still } from './screen-svg.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const out = fileURLToPath(new URL('.', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'mavi-images-'));
const socket = join(scratch, 'tmux');
const COLUMNS = 90;
const FRAME_MS = 200;

const tools = join(scratch, 'bin');
mkdirSync(tools);
symlinkSync(join(root, 'bin/mavi.js'), join(tools, 'mavi'));

try {
  await scene({
    mock: ['--pace', '32K'],
    rows: 12,
    name: 'session',
    animated: true,
    steps: [
      { type: 'mavi list', until: 'screen recording' },
      { type: 'mavi download VI625239098370850816 -o video.mp4', until: 'saved video.mp4' },
      { type: 'mavi sync library', until: '3 videos: 3 downloaded' },
    ],
  });
  await scene({
    mock: ['--pace', '20K'],
    rows: 4,
    name: 'download',
    steps: [{ type: 'mavi download VI625239098370850816 -o video.mp4', until: /(4|5|6)\d % .*left/ }],
  });
  await scene({
    mock: ['--pace', '20K'],
    rows: 6,
    name: 'batch',
    steps: [{ type: 'mavi sync library -c 3', until: /(4|5)\d % .*left/ }],
  });
  await scene({
    mock: [],
    rows: 8,
    name: 'waiting',
    steps: [{ type: 'mavi sync library --rate 2', until: /waiting for the rate limit/ }],
  });
  await scene({
    mock: [],
    rows: 5,
    name: 'error',
    steps: [
      { type: 'mavi download VI000000000000000000 -o video.mp4; echo "exit code $?"', until: 'exit code 4' },
    ],
  });
  await scene({
    mock: [],
    rows: 6,
    name: 'list',
    steps: [{ type: 'mavi list', until: 'screen recording' }],
  });
  await scene({
    mock: [],
    rows: 44,
    name: 'help',
    steps: [{ type: 'mavi download --help | head -42', until: '--limit-rate' }],
  });
} finally {
  try {
    tmux('kill-server');
  } catch {
    // It ended with its last session.
  }
  rmSync(scratch, { recursive: true, force: true });
}

/** Plays one scene in a terminal of its own, and writes its picture. */
async function scene({ mock, rows, name, steps, animated = false }) {
  const home = mkdtempSync(join(scratch, 'home-'));
  const { child, env } = await startMock(mock);
  const settings = { ...env, MAVI_CONFIG_DIR: join(home, 'config'), LANG: 'C.UTF-8', PS1: '$ ', HOME: home };
  const given = Object.entries(settings).flatMap(([key, value]) => ['-e', `${key}=${value}`]);
  tmux(
    'new-session',
    '-d',
    '-s',
    name,
    '-x',
    COLUMNS,
    '-y',
    rows,
    '-c',
    home,
    ...given,
    'bash',
    '--norc',
    '--noprofile',
  );
  tmux('set-option', '-t', name, 'status', 'off');
  tmux('send-keys', '-t', name, `PATH=${tools}:$PATH; clear`, 'Enter');
  await sleep(500);
  const frames = [];
  const look = () => frames.push(tmux('capture-pane', '-t', name, '-e', '-p'));
  for (const { type, until } of steps) {
    tmux('send-keys', '-t', name, '-l', type);
    look();
    tmux('send-keys', '-t', name, 'Enter');
    for (const end = Date.now() + 60_000; ; ) {
      await sleep(FRAME_MS);
      look();
      const text = plain(frames.at(-1));
      if (typeof until === 'string' ? text.includes(until) : until.test(text)) break;
      if (Date.now() > end) throw new Error(`${name}: "${until}" never came:\n${text}`);
    }
    await sleep(400);
    look();
  }
  const title = `A terminal: ${steps.map(({ type }) => type).join('; ')}`;
  writeFileSync(
    join(out, `${name}.svg`),
    animated ? animation(frames, COLUMNS, rows, title, FRAME_MS) : still(frames.at(-2), COLUMNS, rows, title),
  );
  tmux('kill-session', '-t', name);
  child.kill();
  console.log(`${name}.svg`);
}

/** Starts the stand-in; answers with the variables that it prints. */
async function startMock(args) {
  const child = spawn(process.execPath, [join(root, 'bin/mavi.js'), 'mock', '--limit', '0', ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const env = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (key !== undefined) env[key] = value;
    if (Object.keys(env).length === 2) break;
  }
  return { child, env };
}

function tmux(...args) {
  return execFileSync('tmux', ['-S', socket, ...args.map(String)], { encoding: 'utf8' });
}

function plain(frame) {
  return frame.replace(/\u001b\[[0-9;]*m/g, '');
}
