import {
  bareNode,
  type Contender,
  curl,
  curlThenHash,
  EMPTY_NODE,
  type Load,
  MAVI_VERSION,
  mavi,
  python,
  wget,
  withoutCertificate,
  withoutKeptCode,
} from './contenders.ts';

/** Commands that are run in turn, round by round. */
export interface SpeedCase {
  readonly id: string;
  readonly title: string;
  readonly contenders: readonly Contender[];
  /** How often a round runs each command, in turn; it has their medians. Short commands differ more by chance. */
  readonly passes?: number;
  /** The most rounds that it takes, however many are asked for. */
  readonly mostRounds?: number;
  /** Bytes of one download, for a speed; null where that says nothing. */
  readonly sizeBytes: number | null;
}

const GIBIBYTE = 2 ** 30;
/** The passes of a round of short commands. */
export const SHORT_PASSES = 7;
const SIZES = { '100k': 100_000, '100m': 100_000_000, '1g': GIBIBYTE } as const;
const SIZE_NAMES = { '100k': '100 kB', '100m': '100 MB', '1g': '1 GiB' } as const;
const PACED: Load = { scheme: 'https', sizeBytes: GIBIBYTE, bytesPerSecond: 400_000_000, to: 'file' };
const UNPACED: Load = { scheme: 'https', sizeBytes: GIBIBYTE, to: 'file' };

/** All cases, in the order in which they run. */
export const CASES: readonly SpeedCase[] = [
  {
    id: 'startup',
    title: 'start-up',
    contenders: [MAVI_VERSION, EMPTY_NODE, withoutKeptCode(MAVI_VERSION)],
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
  ...(['100k', '100m', '1g'] as const).flatMap((size) =>
    (['http', 'https'] as const).flatMap((scheme) => [
      plain(size, scheme, 'file'),
      plain(size, scheme, 'stdout'),
    ]),
  ),
  {
    id: 'checksum-paced',
    title: '1 GiB over https at 400 MB/s, with SHA-256 (curl and Node alone: without)',
    contenders: [
      mavi(PACED, ['--checksum'], 'mavi --checksum'),
      curl(PACED),
      curlThenHash(PACED),
      bareNode(PACED),
    ],
    sizeBytes: GIBIBYTE,
  },
  {
    id: 'checksum',
    title: '1 GiB over https, with SHA-256',
    contenders: [mavi(UNPACED, ['--checksum'], 'mavi --checksum'), curlThenHash(UNPACED)],
    sizeBytes: GIBIBYTE,
  },
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

/** A download of one size over one scheme, by everybody. */
function plain(size: keyof typeof SIZES, scheme: 'http' | 'https', to: 'file' | 'stdout'): SpeedCase {
  const load: Load = { scheme, sizeBytes: SIZES[size], to };
  return {
    id: `${to}-${scheme}-${size}`,
    title: `${SIZE_NAMES[size]} over ${scheme} to ${to === 'file' ? 'a file' : 'standard output'}`,
    contenders: [
      mavi(load),
      curl(load),
      wget(load),
      ...(to === 'file' ? [python(load), bareNode(load)] : []),
      ...(size === '100k' && to === 'file' ? [EMPTY_NODE, withoutKeptCode(mavi(load))] : []),
    ],
    passes: size === '100k' ? SHORT_PASSES : 1,
    sizeBytes: size === '100k' ? null : load.sizeBytes,
  };
}
