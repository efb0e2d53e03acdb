import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { it } from '../helpers/scene.ts';
import { hasColours, hidCursor, showsCursor, widestText } from '../helpers/screen.ts';
import { SAMPLE_VIDEO_NOS, sampleFile } from '../mock/sample-files.ts';

const { faststart, moovLast } = SAMPLE_VIDEO_NOS;
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';

describe.concurrent('on a terminal', () => {
  it('a bar shows all that came before a stall, and Ctrl-C restores the cursor', async ({ scene }) => {
    // Without Content-Length: the total is the size of the 129,950 bytes by their own boxes.
    await scene.mock({ faults: 'stall@100000' });
    const run = scene.terminal(`exec $program download ${faststart} -o video.mp4`);
    await run.prints(' 76 %');
    run.child.stdin?.write(CTRL_C);
    const { code, stdout } = await run.ended;
    const shown = stdout.toString();
    expect(code).toBe(130);
    expect([hidCursor(shown), showsCursor(shown)]).toEqual([true, true]);
    expect(hasColours(shown)).toBe(true);
    expect(scene.names()).toEqual([]);
  });

  it('the cursor is restored at the end, and the summary stays on the screen', async ({ scene }) => {
    await scene.mock();
    const run = scene.terminal(`exec $program download ${faststart} ${moovLast}`);
    const { code, stdout } = await run.ended;
    const shown = stdout.toString();
    expect(code).toBe(0);
    expect([hidCursor(shown), showsCursor(shown)]).toEqual([true, true]);
    expect(shown).toContain('2 videos: 2 downloaded');
    expect(scene.read(`${faststart}.mp4`).equals(sampleFile('faststart'))).toBe(true);
  });

  it('the cursor is restored after a failure', async ({ scene }) => {
    await scene.mock({ faults: 'truncate@100000' });
    const { code, stdout } = await scene.terminal(`exec $program download ${faststart}`).ended;
    expect(code).toBe(5);
    expect(showsCursor(stdout.toString())).toBe(true);
    expect(stdout.toString()).toContain('truncated after 100000 bytes');
  });

  it('the bars fit into 40 columns', async ({ scene }) => {
    await scene.mock({ faults: 'stall@100000' });
    const run = scene.terminal(`exec $program download ${faststart} ${moovLast}`, { columns: 40 });
    await run.prints(' %');
    run.child.stdin?.write(CTRL_C);
    const { code, stdout } = await run.ended;
    expect(code).toBe(130);
    expect(widestText(stdout.toString())).toBeLessThanOrEqual(40);
    expect(showsCursor(stdout.toString())).toBe(true);
  });

  it.for([
    ['NO_COLOR=1', 'disables colours'],
    ['TERM=dumb', 'disables colours and cursor movement'],
  ])('%s %s', async ([variable = ''], { scene }) => {
    await scene.mock();
    const { code, stdout } = await scene.terminal(`exec env ${variable} $program download ${faststart}`)
      .ended;
    expect(code).toBe(0);
    expect(stdout.toString()).toContain('saved');
    expect(hasColours(stdout.toString())).toBe(false);
    if (variable === 'TERM=dumb') expect(stdout.toString()).not.toContain('\u001b');
  });

  it('a video to standard output is refused before any request', async ({ scene }) => {
    const mock = await scene.mock();
    const { code, stdout } = await scene.terminal(`exec $program download ${faststart} -o -`).ended;
    expect([code, mock.requests.length]).toEqual([2, 0]);
    expect(stdout.toString()).toContain('refusing to write video data to a terminal');
  });

  it('a pipe receives the video while the bar goes to the terminal', async ({ scene }) => {
    await scene.mock();
    const { stdout } = await scene.terminal(`$program download ${faststart} -o - | cat > copy.mp4; exit 7`)
      .ended;
    expect(scene.read('copy.mp4').equals(sampleFile('faststart'))).toBe(true);
    expect([hidCursor(stdout.toString()), showsCursor(stdout.toString())]).toEqual([true, true]);
  });
});

describe.concurrent('auth login on a terminal', () => {
  const LOGIN = '$program auth login; echo "code $?"; stty -a';

  it('stores the typed key and does not show it', async ({ scene }) => {
    const run = scene.terminal(LOGIN);
    await run.prints('not shown');
    run.child.stdin?.write(`${scene.key}\r`);
    await run.prints('code 0');
    const shown = (await run.ended).stdout.toString();
    expect(shown).toContain(`sk-mavi-…${scene.key.slice(-4)}`);
    expect(shown).toMatch(/ echo /);
    const file = join(scene.configFolder, readdirSync(scene.configFolder)[0] ?? '');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ 'api-key': scene.key });
    expect([scene.configFolder, file].map((path) => (statSync(path).mode & 0o777).toString(8))).toEqual([
      '700',
      '600',
    ]);
  });

  it.for([
    ['Ctrl-C', CTRL_C, 130],
    ['Ctrl-D', CTRL_D, 2],
    ['an empty line', '\r', 2],
  ] as const)(
    'is cancelled by %s; stores nothing and restores the terminal',
    async ([, typed, code], { scene }) => {
      // The shell receives Ctrl-C too and must not exit.
      const run = scene.terminal(`trap : INT; ${LOGIN}`);
      await run.prints('not shown');
      run.child.stdin?.write(typed);
      await run.prints(`code ${code}`);
      expect((await run.ended).stdout.toString()).toMatch(/ echo /);
      expect(() => statSync(join(scene.configFolder, 'config.json'))).toThrow('ENOENT');
    },
  );

  it('restores the terminal when a signal ends it', async ({ scene }) => {
    const run = scene.terminal(LOGIN);
    await run.prints('not shown');
    process.kill(childOf(childOf(run.child.pid ?? 0)), 'SIGTERM');
    await run.prints('code 143');
    expect((await run.ended).stdout.toString()).toMatch(/ echo /);
  });
});

/** The only child of a process. */
function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
}
