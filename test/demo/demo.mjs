/**
 * `npm run demo`: downloads without an account. It starts `mavi mock` on a free loopback port and runs the commands
 * that a person would type, in a temporary folder.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
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
  say(`A mock API server listens at ${env.MAVI_BASE_URL}; the files go to ${folder}.`);

  say(
    'One video, slowed down to watch. The server sends no length; the percentage comes from the MP4 headers.',
  );
  await mavi(env, 0, 'download', faststart, '-o', 'video.mp4');

  say('Two more in parallel, with other MP4 layouts.');
  await mavi(env, 0, 'download', moovLast, fragmented, '-d', 'library');

  say('A video that does not exist. The API responds with status 200 and a JSON error; no file is created.');
  await mavi(env, 4, 'download', unknown, '-o', 'unknown.mp4');

  say('Check the files on disk again:');
  await mavi(env, 0, 'verify', 'video.mp4', `library/${moovLast}.mp4`, `library/${fragmented}.mp4`);

  say('Now with your own key, from https://api-platform.memories.ai:');
  const program = relative(process.cwd(), bin) || bin;
  console.log(`    node ${program} auth login\n    node ${program} list`);
  say('Install the command mavi with: npm install -g .');
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
  throw new Error('mavi mock ended before it was ready');
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
