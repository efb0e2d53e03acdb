import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { it } from '../helpers/scene.ts';
import { Terminal } from '../helpers/terminal.ts';

describe.concurrent.for(['bash', 'zsh', 'fish'] as const)('Ctrl-Z in %s', (shell) => {
  it('at the key prompt, then fg, leaves it hidden and waiting', async ({ scene }) => {
    await scene.standin();
    const terminal = await Terminal.open(scene, { shell });
    await terminal.type('mavi auth login');
    await terminal.shows((screen) => /not shown/.test(screen.at(-1) ?? ''));
    await terminal.press('C-z');
    await terminal.shows((screen) => screen.at(-1) === '$');
    await terminal.type('fg');
    await terminal.shows((screen) => /not shown/.test(screen.at(-1) ?? ''));
    await terminal.type(scene.key);
    const screen = await terminal.shows((lines) => lines.at(-1) === '$' && lines.join('').includes('stored'));
    expect(screen.join('')).not.toContain(scene.key.slice(8, 40));
    const stored = JSON.parse(readFileSync(join(scene.configFolder, 'config.json'), 'utf8'));
    expect(stored).toEqual({ 'api-key': scene.key });
  });
});
