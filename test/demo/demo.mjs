/**
 * `npm run demo`: the main job without an account. It starts `mavi mock` on a free loopback port and runs the
 * same commands that a person would type, in a folder of their own.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../bin/mavi.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mavi-demo-'));
const [faststart, moovLast, fragmented, unknown] = [
  'VI625239098370850816',
  'VI624611307445927936',
  'VI623870256104189952',
  'VI000000000000000000',
];

const mock = spawn(process.execPath, [bin, 'mock', '--port', '0', '--pace', '40K'], {
  stdio: ['ignore', 'pipe', 'ignore'],
});
try {
  const env = { ...process.env, MAVI_CONFIG_DIR: join(folder, '.config'), ...(await environmentFrom(mock)) };
  say(`A stand-in of the API answers at ${env.MAVI_BASE_URL}; the files go to ${folder}.`);

  say(
    'One video, at a pace that can be watched. The server gives no length; the percentage is out of the boxes.',
  );
  await mavi(env, 0, 'download', faststart, '-o', 'video.mp4');

  say('Two more, of other layouts, at once.');
  await mavi(env, 0, 'download', moovLast, fragmented, '-d', 'library');

  say('A video that does not exist: the API says so with status 200, and no file is made.');
  await mavi(env, 4, 'download', unknown, '-o', 'unknown.mp4');

  say('What is on disk, checked again:');
  await mavi(env, 0, 'verify', 'video.mp4', `library/${moovLast}.mp4`, `library/${fragmented}.mp4`);

  say('Now with your own key, from https://api-platform.memories.ai:');
  console.log('    mavi auth login\n    mavi list\n    mavi download VI… -o video.mp4\n');
} catch (error) {
  console.error(`the demo failed: ${error.message}`);
  process.exitCode = 1;
} finally {
  mock.kill();
}

/** Reads the two variables that `mavi mock` prints. */
async function environmentFrom(child) {
  const found = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined) found[name] = value;
    if (Object.keys(found).length === 2) return found;
  }
  throw new Error('mavi mock ended before it served');
}

/** Runs a command as typed, and fails unless it ends with the exit code that is expected. */
async function mavi(env, expected, ...args) {
  console.log(`$ mavi ${args.join(' ')}`);
  const child = spawn(process.execPath, [bin, ...args], { cwd: folder, env, stdio: 'inherit' });
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== expected) throw new Error(`mavi ${args[0]} ended with ${code}, not ${expected}`);
  if (code !== 0) console.log(`(exit code ${code})`);
}

function say(text) {
  console.log(`\n${text}`);
}
