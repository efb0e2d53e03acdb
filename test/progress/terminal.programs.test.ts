/** What a person sees on a terminal: the built program in a window of tmux. */
import stringWidth from 'string-width';
import { describe, expect } from 'vitest';
import { libraryOf, sampleLibrary } from '../../src/mock/library.ts';
import { generatedLibrary } from '../helpers/generated.ts';
import { it, type Scene } from '../helpers/scene.ts';
import { type Screen, Terminal, type TerminalOptions } from '../helpers/terminal.ts';

const MIB = 1024 * 1024;

/** The made-up video of a place in the library, from 0. */
const numbered = (index: number): string => `VI600000001${String(index).padStart(9, '0')}`;
const [FIRST, SECOND, THIRD] = [0, 1, 2].map(numbered) as [string, string, string];

/** Stops after half of each video, with the connection open, so that the display stays as it is. */
const STALL = `stall@${MIB / 2}`;

/** A terminal and, behind it, a mock with so many videos of one mebibyte. */
async function terminalWith(
  scene: Scene,
  faults: Readonly<Record<string, string>>,
  options: TerminalOptions = {},
  count = 3,
): Promise<Terminal> {
  await scene.mock({ videos: generatedLibrary({ count, sizeBytes: MIB }), faults });
  return Terminal.open(scene, options);
}

const text = (screen: Screen): string => screen.join('\n');
const times = (screen: Screen, part: string): number => text(screen).split(part).length - 1;

/** What a program wrote after its command line was typed, without what the shell did. */
function written(terminal: Terminal, command: string): string {
  return terminal.output.slice(terminal.output.indexOf(command) + command.length);
}

describe('a download on a terminal', () => {
  it.for([
    [120, /^a\.mp4 {2}█{15}░{15} {3}50 % {4}0\.5\/1\.0 MiB .* (so far|left)$/m],
    [80, /^a\.mp4 {2}█+░+ {3}50 % {4}0\.5\/1\.0 MiB .* (so far|left)$/m],
    [40, /^a\.mp4 .* 50 % +\d:\d\d (so far|left)$/m],
  ] as const)('shows its bar on %i columns', async ([columns, line], { scene }) => {
    const terminal = await terminalWith(scene, { '*': STALL }, { columns });
    await terminal.type(`clear; mavi download ${FIRST} -o a.mp4`);
    const screen = await terminal.shows((seen) => text(seen).includes('50 %'));
    expect(text(screen)).toMatch(line);
    expect(screen.every((row) => stringWidth(row) < columns)).toBe(true);
  });

  it('leaves one line about what it saved, and the terminal as it was', async ({ scene }) => {
    const terminal = await terminalWith(scene, {});
    const screen = await terminal.run(`mavi download ${FIRST} -d library`);
    expect(screen).toEqual([
      expect.stringMatching(
        /^✓ saved library\/VI600000001000000000\.mp4 · 1\.0 MiB in \S+ s · complete MP4$/,
      ),
      '= 0',
      '$',
    ]);
    expect(await terminal.modes()).toEqual({ cursor: true, wraps: true });
  });

  it('leaves no bars on the screen after Ctrl-C', async ({ scene }) => {
    const terminal = await terminalWith(scene, { '*': STALL });
    await terminal.type(`clear; mavi download ${FIRST} ${SECOND} -d library`);
    await terminal.shows((seen) => times(seen, '50 %') === 3);
    expect(await terminal.modes()).toEqual({ cursor: false, wraps: true });
    await terminal.press('C-c');
    const screen = await terminal.shows((seen) => seen.at(-1) === '$');
    expect(screen.filter((row) => row !== '')).toEqual([
      'mavi: interrupted: 0 of 2 videos done; rerun with --skip-existing to continue',
      '$',
    ]);
    expect(await terminal.modes()).toEqual({ cursor: true, wraps: true });
    expect(await terminal.run('ls -A library')).toEqual(['= 0', '$']);
  });

  it('counts down a wait for the rate limit', async ({ scene }) => {
    const terminal = await terminalWith(scene, {});
    await terminal.type(`clear; mavi download ${FIRST} ${SECOND} -d library --rate 1/4s -c 2`);
    const wait = /^VI\d+\.mp4 {2}waiting for the rate limit, 0:0(\d) left$/m;
    const leftOn = (seen: Screen): number => Number(wait.exec(text(seen))?.[1] ?? Number.NaN);
    const first = leftOn(await terminal.shows((seen) => !Number.isNaN(leftOn(seen))));
    expect(first).toBeLessThanOrEqual(5);
    await terminal.shows((seen) => leftOn(seen) < first);
    await terminal.shows((seen) => text(seen).includes('2 downloaded'));
  });

  it('announces a retry, and how it continues', async ({ scene }) => {
    const terminal = await terminalWith(scene, { '*': 'drop@60000x1,stall@80000' });
    await terminal.type(`clear; mavi download ${FIRST} -o a.mp4`);
    const screen = await terminal.shows((seen) => text(seen).includes('7 %'));
    expect(screen.slice(0, -1).every((row) => row.length < 80)).toBe(true);
    expect(screen.slice(0, -1).join(' ').replace(/ +/g, ' ')).toMatch(
      /^! VI600000001000000000: connection to 127\.0\.0\.1:\d+ lost after 60000 bytes; retrying (in \S+ s|now) \(attempt 2\), starting over; all bytes are billed again$/,
    );
    expect(screen.at(-1)).toMatch(/^a\.mp4 {2}█░+ {4}7 %/);
  });

  it('shows only the bytes and the time for a file of unknown size', async ({ scene }) => {
    await scene.mock({ videos: await sampleLibrary(), faults: 'stall@100000' });
    const terminal = await Terminal.open(scene);
    await terminal.type('clear; mavi download VI623870256104189952 -o a.mp4');
    const [line = ''] = await terminal.shows((seen) => text(seen).includes('97.7 KiB'));
    expect(line).toMatch(/^a\.mp4 {2}░*█+░* +97\.7 KiB .* so far$/);
    expect(line).not.toContain('%');
  });

  it('has no bars if other output goes to the same terminal', async ({ scene }) => {
    const terminal = await terminalWith(scene, {});
    for (const flag of ['--verbose', '--json']) {
      await terminal.run(`mavi download ${FIRST} -o a.mp4 --force ${flag}`);
      expect(written(terminal, flag)).not.toContain('░');
    }
  });
});

describe('a batch on a terminal', () => {
  it('keeps saved videos above the bars, and the line of the batch at their top', async ({ scene }) => {
    const terminal = await terminalWith(scene, { [SECOND]: STALL, [THIRD]: 'not-found' });
    await terminal.type(`clear; mavi download ${FIRST} ${SECOND} ${THIRD} -d library`);
    const screen = await terminal.shows(
      (seen) => text(seen).includes('2 of 3 videos') && text(seen).includes('50 %'),
    );
    expect(screen.slice(3)).toEqual([
      expect.stringMatching(/^2 of 3 videos, 1 failed {3}█+░+ {3}83 % {8}1\.5 MiB/),
      expect.stringMatching(/^VI600000001000000001\.mp4 {2}█+░+ {3}50 % {4}0\.5\/1\.0 MiB/),
    ]);
    expect(screen.slice(0, 3).sort()).toEqual([
      "      is it in the scope 'default'? see: mavi list, or set --unique-id",
      `mavi: ${THIRD}: API error 0001: download video error`,
      expect.stringMatching(
        /^✓ saved library\/VI600000001000000000\.mp4 · 1\.0 MiB in \S+ s · complete MP4$/,
      ),
    ]);
  });

  it('fits a window of few rows, however many videos run', async ({ scene }) => {
    const terminal = await terminalWith(scene, { '*': STALL }, { rows: 8 }, 12);
    await terminal.type('clear; mavi list --ids | mavi download -a - -d library -c 12');
    const screen = await terminal.shows((seen) => times(seen, '50 %') === 6);
    expect(screen).toHaveLength(7);
    expect(screen[0]).toMatch(/^0 of 12 videos .* 50 %/);
    expect(screen[6]).toBe('and 7 more in progress');
  });

  it('knows the total size if the library lists the sizes', async ({ scene }) => {
    const terminal = await terminalWith(scene, { [SECOND]: STALL });
    await terminal.type('clear; mavi sync library');
    const screen = await terminal.shows(
      (seen) => text(seen).includes('2 of 3 videos') && text(seen).includes('2.5/3.0 MiB'),
    );
    expect(screen.at(-2)).toMatch(
      /^2 of 3 videos .* 83 % {4}2\.5\/3\.0 MiB( +\S+ MiB\/s)? +0:\d\d (left|so far)$/,
    );
  });

  it('still fits the window after it becomes narrower, then wider', async ({ scene }) => {
    const terminal = await terminalWith(scene, { '*': STALL });
    await terminal.type(`clear; mavi download ${FIRST} ${SECOND} -d library`);
    await terminal.shows((seen) => times(seen, '50 %') === 3);
    for (const columns of [50, 32, 90]) {
      await terminal.resize(columns, 24);
      const widest = (seen: Screen): number => Math.max(...seen.slice(-3).map((row) => stringWidth(row)));
      const screen = await terminal.shows(
        (seen) => times(seen.slice(-3), '50 %') === 3 && widest(seen) < columns && widest(seen) > columns - 6,
      );
      expect(screen.slice(-3).map((row) => row.slice(0, 6))).toEqual([
        '0 of 2',
        expect.stringMatching(/^VI6/),
        expect.stringMatching(/^VI6/),
      ]);
    }
  });
});

describe('what a terminal can show', () => {
  it('is ASCII if the locale has nothing else', async ({ scene }) => {
    const terminal = await terminalWith(scene, { [SECOND]: STALL }, { env: { LANG: 'C' } });
    await terminal.type(`clear; mavi download ${FIRST} ${SECOND} -d library`);
    const screen = await terminal.shows(
      (seen) => text(seen).includes('ok saved') && (seen.at(-1) ?? '').includes(' 50 %'),
    );
    expect(text(screen)).toMatch(/^[\x20-\x7e\n]*$/);
    expect(screen.at(-1)).toMatch(/^VI600000001000000001\.mp4 {2}#+-+ {3}50 %/);
    expect(written(terminal, '-d library')).toContain('\u001b[32mok\u001b[39m saved');
  });

  it('has no colour if the user wants none', async ({ scene }) => {
    const terminal = await terminalWith(scene, { [SECOND]: 'not-found' }, { env: { NO_COLOR: '1' } });
    await terminal.run(`mavi download ${FIRST} ${SECOND} -d library`);
    expect(written(terminal, '-d library')).toContain('✓ saved');
    expect(written(terminal, '-d library')).not.toMatch(/\u001b\[[0-9;]*m/);
  });

  it("is plain lines if the terminal can't move its cursor", async ({ scene }) => {
    const terminal = await terminalWith(scene, {}, { env: { TERM: 'dumb' } });
    await terminal.type(`mavi download ${FIRST} -o a.mp4; echo "= $?"`);
    await terminal.shows((seen) => text(seen).includes('\n= 0'));
    const output = written(terminal, 'echo "= $?"');
    expect(output).not.toContain('\u001b');
    expect(output).toMatch(
      /\r\nok saved a\.mp4 \| 1\.0 MiB in \S+ s, \S+ \S+ \| verified: complete MP4\r\n= 0/,
    );
  });
});

describe('the library on a terminal', () => {
  const NAMES = [
    'short',
    'Morning walk 🌅 | Lake, day #1?',
    '日本語の長い名前のビデオファイル、とても長い名前なので切る必要があります',
    'a very long name of a video that nobody wants to read to its end, and that goes on and on',
  ];

  it.for([
    [100, 'video_no                 size  length  created     status  name'],
    [80, 'video_no                 size  length  created     status  name'],
    [60, 'video_no                 size  length  status  name'],
    [40, 'video_no                 size  name'],
  ] as const)('keeps its columns on %i columns', async ([columns, head], { scene }) => {
    const made = generatedLibrary({ count: NAMES.length, sizeBytes: 4096 });
    const all = NAMES.map((name, index) => ({ ...made.at('default', index), name }));
    await scene.mock({ videos: libraryOf(all as never) });
    const terminal = await Terminal.open(scene, { columns });
    const [first, ...rows] = await terminal.run('mavi list');
    expect(first).toBe(head);
    expect(rows.slice(-3)).toEqual([expect.stringMatching(/^4 videos, 16\.0 KiB$/), '= 0', '$']);
    expect(rows.slice(0, -3)).toHaveLength(NAMES.length);
    const nameAt = head.indexOf('name');
    for (const [index, row] of rows.slice(0, -3).entries()) {
      expect(stringWidth(row)).toBeLessThan(columns);
      expect(row.slice(nameAt, nameAt + 3)).toBe((NAMES[index] as string).slice(0, 3));
    }
  });

  it('shows the names of videos, including wide characters', async ({ scene }) => {
    const terminal = await terminalWith(scene, {}, {}, 2);
    const screen = await terminal.run(`mavi sync library --name-template '{create_date} {video_name}'`);
    expect(screen.slice(0, 2).sort()).toEqual([
      expect.stringMatching(/^✓ saved library\/2025-09-30 walk\.mp4 · 1\.0 MiB in \S+ s · complete MP4$/),
      expect.stringMatching(/^✓ saved library\/2025-10-01 Lake 🌊 _ day 1\.mp4 · 1\.0 MiB .*complete MP4$/),
    ]);
    expect(screen.slice(2)).toEqual([
      expect.stringMatching(/^mavi: 2 videos: 2 downloaded; 2\.0 MiB/),
      '= 0',
      '$',
    ]);
  });
});
