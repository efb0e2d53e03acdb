/**
 * Makes the pictures of the documentation: runs the built program in a terminal of tmux, against the mock with
 * a library of invented videos, and draws the screen. After `npm run build`:
 * `node docs/images/make-images.mjs [name…]`; needs tmux.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { animation, still } from './screen-svg.mjs';
import { openTerminal } from './tmux.mjs';

const MIB = 1024 * 1024;
const root = fileURLToPath(new URL('../../', import.meta.url));
const out = fileURLToPath(new URL('.', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'mavi-images-'));

const FIRST = 'VI625239098370850816';
const SECOND = 'VI624611307445927936';
const THIRD = 'VI623870256104189952';
/** The videos of the account: number, name, megabytes, seconds, day. */
const LIBRARY = [
  [FIRST, 'first steps', 48.2, 41, '2025-10-04'],
  [SECOND, 'Morning walk 🌅 | Lake, day #1?', 31.6, 27, '2025-10-02'],
  [THIRD, 'screen recording 12:30', 12.4, 95, '2025-09-30'],
  ['VI622954018833670144', '湖畔の朝、とても長い散歩の記録', 64.9, 3727, '2025-09-28'],
  [
    'VI621200118833670555',
    'a recording whose name is longer than anybody wants to read',
    22.5,
    19,
    '2025-09-21',
  ],
];

const SCENES = {
  session: {
    rows: 17,
    bytesPerSecond: 14 * MIB,
    animated: true,
    steps: [
      { type: 'mavi list', until: /5 videos, .*\n\$$/, rest: 1200 },
      { type: `mavi download ${FIRST} -o video.mp4`, until: /saved video.mp4/, rest: 900 },
      { type: 'mavi sync library', until: /5 downloaded/, rest: 200 },
    ],
  },
  download: {
    rows: 2,
    bytesPerSecond: 12 * MIB,
    steps: [{ type: `mavi download ${FIRST} -o video.mp4`, until: / 6\d % / }],
  },
  batch: {
    rows: 7,
    bytesPerSecond: 9 * MIB,
    steps: [{ type: 'mavi sync library', until: /^2 of 5 videos .* 6\d % /m }],
  },
  waiting: {
    rows: 7,
    steps: [
      {
        type: 'mavi sync library --rate 3',
        until: /rate limit, 0:5[0-7] left[\s\S]*rate limit, 0:5[0-7] left/,
      },
    ],
  },
  retrying: {
    rows: 4,
    faults: `drop@${20 * MIB}x1`,
    bytesPerSecond: 12 * MIB,
    steps: [{ type: `mavi download ${FIRST} -o video.mp4`, until: /again\nvideo.mp4 .* 3\d % / }],
  },
  narrow: {
    columns: 48,
    rows: 7,
    bytesPerSecond: 9 * MIB,
    steps: [{ type: 'mavi sync library', until: /^2 of 5 videos .* 6\d % /m }],
  },
  error: {
    rows: 6,
    steps: [
      { type: 'mavi download VI000000000000000000 -o video.mp4', until: /scope[\s\S]*\n\$$/ },
      { type: 'echo "exit code $?"; ls', until: /^exit code 4$/m },
    ],
  },
  list: { rows: 8, steps: [{ type: 'mavi list', until: /5 videos, .*\n\$$/ }] },
  'dry-run': { rows: 10, steps: [{ type: 'mavi sync library --dry-run', until: /price.*\n\$$/ }] },
  help: {
    columns: 100,
    rows: 34,
    steps: [{ type: 'mavi download --help | head -32', until: /help[\s\S]*\$$/ }],
  },
};

const tools = join(scratch, 'bin');
mkdirSync(tools);
symlinkSync(join(root, 'bin/mavi.js'), join(tools, 'mavi'));
const { startMock, generatedLibrary, libraryOf } = await mockParts();

try {
  const wanted = process.argv.slice(2);
  for (const [name, scene] of Object.entries(SCENES)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const picture = await play(name, scene);
    writeFileSync(join(out, `${name}.svg`), picture);
    console.log(`${name}.svg ${Math.ceil(picture.length / 1024)} KiB`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Plays one scene in its own terminal, and returns its picture. */
async function play(name, { columns = 90, rows, steps, animated = false, ...how }) {
  const home = mkdtempSync(join(scratch, 'home-'));
  const mock = await startMock({ videos: libraryOf(LIBRARY.map(videoOf)), ...how });
  const env = {
    HOME: home,
    LANG: 'C.UTF-8',
    MAVI_CONFIG_DIR: join(home, '.config'),
    MAVI_BASE_URL: mock.baseUrl,
    MAVI_API_KEY: mock.key,
  };
  const terminal = await openTerminal({ socket: join(scratch, name), columns, rows, folder: home, env });
  try {
    await terminal.clear(tools);
    for (const { type, until, rest = 0 } of steps) {
      await terminal.type(type);
      await terminal.until(until);
      await terminal.rest(rest);
    }
    const title = steps.map(({ type }) => type).join('; ');
    if (animated) return animation(terminal.shots, columns, rows, title, 4000);
    return still(terminal.shots.at(-1).screen, columns, rows, title);
  } finally {
    await terminal.close();
    await mock.close();
  }
}

function videoOf([videoNo, name, megabytes, durationSeconds, day], index) {
  const made = generatedLibrary({ count: 1, seed: index + 1, sizeBytes: Math.round(megabytes * MIB) });
  return { ...made.at('default', 0), videoNo, name, durationSeconds, createTimeMs: Date.parse(day) };
}

/** The parts of the mock that are needed, which are TypeScript. */
async function mockParts() {
  const contents = ['src/mock/server', 'src/mock/library', 'test/helpers/generated'].map(
    (file) => `export * from './${file}.ts';`,
  );
  const outfile = join(scratch, 'mock.mjs');
  await build({
    stdin: { contents: contents.join('\n'), resolveDir: root },
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile,
  });
  return import(pathToFileURL(outfile).href);
}
