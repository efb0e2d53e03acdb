import { readdirSync } from 'node:fs';
import { expect } from 'vitest';
import { it } from '../helpers/scene.ts';
import { strace } from '../helpers/strace.ts';

/** Kills the process when it is about to rename the settings file into place: the worst moment for `kill -9`. */
const KILLED = strace('-o', 'trace', '-e', 'trace=rename', '-e', 'inject=rename:signal=KILL:when=1');

it.for([
  ['auth logout', 0, []],
  ['auth login', 0, ['config.json']],
  ['config set rate 6', 0, ['config.json']],
] as const)(
  '`mavi %s` removes the temporary file with the key that a killed login left behind',
  async ([line, code, files], { scene }) => {
    await scene.mock();
    const killed = await scene.run(['auth', 'login'], { by: KILLED, stdin: scene.key });
    expect(killed.signal).toBe('SIGKILL');
    expect(readdirSync(scene.configFolder).filter((name) => name.includes('.tmp-'))).toHaveLength(1);
    const after = await scene.run(line.split(' '), { stdin: scene.key });
    expect({ code: after.code, stderr: after.stderr }).toMatchObject({ code });
    expect(readdirSync(scene.configFolder)).toEqual(files);
  },
);
