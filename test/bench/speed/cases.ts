import type { MockOptions } from '../../../src/mock/server.ts';
import { generatedLibrary } from '../../helpers/generated.ts';
import {
  bareNode,
  type Contender,
  curl,
  curlTeeHash,
  curlThenHash,
  curlToNothing,
  EMPTY_NODE,
  type Load,
  MAVI_VERSION,
  mavi,
  maviAtMock,
  nodeToNothing,
  python,
  SMALL_CONTENDERS,
  syncedFolder,
  type Work,
  wget,
  withoutCertificate,
} from './contenders.ts';

/** Commands that are run in turn, round by round. */
export interface SpeedCase {
  readonly id: string;
  readonly title: string;
  readonly contenders: readonly Contender[];
  /** How often a round runs each command; the round's value is the median. Short commands vary more. */
  readonly passes?: number;
  /** The most rounds to run, even if more are requested. */
  readonly mostRounds?: number;
  /** Options of the mock for a command, by the command's name, where nginx is not enough. */
  readonly mocks?: Readonly<Record<string, MockOptions>>;
  /** Bytes of one download, to compute its speed; null if speed means nothing here. */
  readonly sizeBytes: number | null;
}

const GIBIBYTE = 2 ** 30;
/** Passes per round for short commands. */
export const SHORT_PASSES = 7;
const SIZES = { '100k': 100_000, '1g': GIBIBYTE } as const;
/** The sizes of the videos that the server needs. */
export const SERVED_SIZES: readonly number[] = [...Object.values(SIZES), 6 * GIBIBYTE];
const SIZE_NAMES = { '100k': '100 kB', '1g': '1 GiB' } as const;
const ROWS = [5000, 10_000, 20_000, 50_000];
const SIX_MEGABYTES = { videos: generatedLibrary({ count: 1, sizeBytes: 6_000_000 }) };
const PACED: Load = { scheme: 'paced', sizeBytes: GIBIBYTE, to: 'file' };
const PIPED: Load = { scheme: 'https', sizeBytes: GIBIBYTE, to: 'stdout' };
const UNPACED: Load = { scheme: 'https', sizeBytes: GIBIBYTE, to: 'file' };

const ONLY_VIDEO = SIX_MEGABYTES.videos.at('default', 0)?.videoNo ?? '';

/** All cases, in the order in which they run. */
export const CASES: readonly SpeedCase[] = [
  {
    id: 'startup',
    title: 'start-up',
    contenders: [MAVI_VERSION, EMPTY_NODE],
    passes: SHORT_PASSES,
    sizeBytes: null,
  },
  {
    id: 'startup-bare',
    title: 'start-up without NODE_EXTRA_CA_CERTS',
    contenders: [MAVI_VERSION, EMPTY_NODE].map(withoutCertificate),
    passes: SHORT_PASSES,
    sizeBytes: null,
  },
  ...(['100k', '1g'] as const).flatMap((size) =>
    (['http', 'https'] as const).flatMap((scheme) => [
      plain(size, scheme, 'file'),
      plain(size, scheme, 'stdout'),
    ]),
  ),
  {
    id: 'checksum-paced',
    title: '1 GiB over https at 400 MB/s, with SHA-256 (curl alone: without)',
    contenders: [mavi(PACED, ['--checksum'], 'mavi --checksum'), curl(PACED), curlThenHash(PACED)],
    sizeBytes: GIBIBYTE,
  },
  {
    id: 'checksum',
    title: '1 GiB over https, with SHA-256',
    contenders: [mavi(UNPACED, ['--checksum'], 'mavi --checksum'), curlThenHash(UNPACED)],
    sizeBytes: GIBIBYTE,
  },
  {
    id: 'pipe',
    title: '1 GiB over https, to a pipe and to a file',
    contenders: [mavi(PIPED, [], 'mavi, pipe'), mavi(UNPACED, [], 'mavi, file')],
    sizeBytes: GIBIBYTE,
  },
  {
    id: 'pipe-checksum',
    title: '1 GiB over https to a pipe, with SHA-256',
    contenders: [mavi(PIPED, ['--checksum'], 'mavi --checksum'), curlTeeHash(PIPED)],
    sizeBytes: GIBIBYTE,
  },
  {
    id: 'small',
    title: '200 videos of 100 kB over https to a folder',
    contenders: SMALL_CONTENDERS,
    sizeBytes: null,
  },
  {
    id: 'chunks',
    title: 'memory: 6 MB in chunks of one byte against chunks of 64 KiB',
    contenders: ['one byte', '64 KiB'].map((chunks) =>
      maviAtMock(`mavi, ${chunks}`, ({ target }) => ['download', ONLY_VIDEO, '--rate', '0', '-o', target]),
    ),
    mocks: { 'mavi, one byte': { ...SIX_MEGABYTES, chunkBytes: 1 }, 'mavi, 64 KiB': SIX_MEGABYTES },
    mostRounds: 3,
    sizeBytes: null,
  },
  atScale('list', 'list --ids', () => ['list', '--ids']),
  atScale('sync', 'sync, everything downloaded before', (work, rows) => [
    ...['sync', syncedFolder(work, rows)],
  ]),
  {
    id: 'memory',
    title: 'memory: 6 GiB against 1 GiB, over https to a file',
    contenders: [
      mavi(UNPACED, [], 'mavi, 1 GiB'),
      mavi({ ...UNPACED, sizeBytes: 6 * GIBIBYTE }, [], 'mavi, 6 GiB'),
    ],
    mostRounds: 3,
    sizeBytes: null,
  },
];

/** A command on libraries of growing size. */
function atScale(
  id: string,
  title: string,
  argv: (work: Work, rows: number) => readonly string[],
): SpeedCase {
  const nameOf = (rows: number): string => `mavi, ${rows} rows`;
  return {
    id,
    title: `${title}, at the API's own five pages a second`,
    contenders: ROWS.map((rows) => maviAtMock(nameOf(rows), (work) => argv(work, rows))),
    mocks: Object.fromEntries(
      ROWS.map((rows) => [nameOf(rows), { videos: generatedLibrary({ count: rows }) }]),
    ),
    mostRounds: 1,
    sizeBytes: null,
  };
}

/** Every contender downloading one size over one scheme. */
function plain(size: keyof typeof SIZES, scheme: 'http' | 'https', to: 'file' | 'stdout'): SpeedCase {
  const load: Load = { scheme, sizeBytes: SIZES[size], to };
  return {
    id: `${to}-${scheme}-${size}`,
    title: `${SIZE_NAMES[size]} over ${scheme} to ${to === 'file' ? 'a file' : 'standard output'}`,
    contenders: [
      mavi(load),
      curl(load),
      ...(size === '1g' && to === 'file' ? [curlToNothing(load), nodeToNothing(load)] : []),
      wget(load),
      ...(to === 'file' ? [python(load)] : []),
      ...(size === '100k' && to === 'file' ? [bareNode(load), EMPTY_NODE] : []),
    ],
    passes: size === '100k' ? SHORT_PASSES : 1,
    sizeBytes: size === '100k' ? null : load.sizeBytes,
  };
}
