import { join } from 'node:path';
import { expect } from 'vitest';
import { startProgram } from '../helpers/program.ts';
import { ROOT } from '../helpers/recipes.ts';
import { it } from '../helpers/scene.ts';

it('the demo downloads from the mock, and ends with commands that work where the reader stands', async ({
  scene,
}) => {
  const { env } = scene;
  const start = (command: readonly string[]) => startProgram(command, { folder: ROOT, env }).ended;
  const { code, stdout } = await start([process.execPath, join(ROOT, 'test/demo/demo.mjs')]);
  expect(code).toBe(0);
  const commands = stdout.toString().match(/^ {4}node .*$/gm) ?? [];
  expect(commands.map((line) => line.split(' ').slice(-2).join(' '))).toEqual([
    'auth login',
    'bin/mavi.js list',
  ]);
  for (const command of commands) {
    expect(await start([...command.trim().split(' '), '--help'])).toMatchObject({ code: 0, stderr: '' });
  }
});
