import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { it } from '../helpers/scene.ts';
import { Terminal } from '../helpers/terminal.ts';

describe.concurrent.for(['bash', 'zsh', 'fish'] as const)('Ctrl-Z in %s', (shell) => {
  it('at the key prompt, followed by fg, leaves the prompt waiting with its input hidden', async ({
    scene,
  }) => {
    await scene.mock();
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

  it('shows the cursor while a download is stopped, and its bar again after fg', async ({ scene }) => {
    await scene.mock({ faults: 'stall@60000' });
    const terminal = await Terminal.open(scene, { shell });
    const percent = (screen: readonly string[]): boolean => / 46 %/.test(screen.at(-1) ?? '');
    await terminal.type('clear; mavi download VI625239098370850816 -o a.mp4');
    await terminal.shows(percent);
    expect((await terminal.modes()).cursor).toBe(false);
    await terminal.press('C-z');
    const stopped = await terminal.shows((screen) => screen.at(-1) === '$');
    expect(stopped.join('\n')).not.toContain('%');
    expect((await terminal.modes()).cursor).toBe(true);
    await terminal.type('fg');
    await terminal.shows(percent);
    expect((await terminal.modes()).cursor).toBe(false);
    await terminal.press('C-c');
    await terminal.shows((screen) => screen.at(-1) === '$');
    expect(await terminal.modes()).toEqual({ cursor: true, wraps: true });
  });

  it('keeps a download in the background from drawing its bar over the command line', async ({ scene }) => {
    await scene.mock({ faults: 'stall@60000' });
    const terminal = await Terminal.open(scene, { shell });
    await terminal.type('clear; mavi download VI625239098370850816 -o a.mp4 --timeout 2 --retries 0');
    await terminal.shows((screen) => / 46 %/.test(screen.at(-1) ?? ''));
    await terminal.press('C-z');
    await terminal.shows((screen) => screen.at(-1) === '$');
    await terminal.type('clear; bg');
    const screen = await terminal.shows(
      (lines) => lines.join('\n').includes('a.mp4') && lines.join('\n').includes('no '),
    );
    expect(screen.join('\n')).not.toContain('%');
  });
});
