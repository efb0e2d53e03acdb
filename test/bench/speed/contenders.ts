import { PYTHON } from '../machine.ts';
import { shellLine } from '../shell.ts';
import { videoNoFor } from './bench-video.ts';

/** Where and with what a measured command works. */
export interface Work {
  readonly root: string;
  /** The program to measure: `bin/mavi.js` of the checkout, or another build. */
  readonly bin: string;
  /** The server's origins. */
  readonly origins: { readonly http: string; readonly https: string };
  /** The certificate that clients are to trust. */
  readonly certPath: string;
  /** Where a file goes. */
  readonly target: string;
  /** A home without settings. */
  readonly home: string;
}

/** What is downloaded. */
export interface Load {
  readonly scheme: 'http' | 'https';
  readonly sizeBytes: number;
  readonly bytesPerSecond?: number;
  readonly to: 'file' | 'stdout';
}

/** One of the commands that a case holds against each other. */
export interface Contender {
  readonly name: string;
  argv(work: Work): readonly string[];
  env(work: Work): Readonly<Record<string, string>>;
  /** Whether its standard output is video, and goes into a pipe that somebody reads. */
  readonly pipes: boolean;
  /** How long the file is that it has to leave; null for none. */
  readonly fileBytes: number | null;
}

/** The names that others tell contenders by. */
export const BARE_NODE = 'bare Node';
export const CURL_THEN_HASH = 'curl; openssl dgst; sync; mv';

const KEY = 'sk-mavi-of-the-benchmark-and-of-nothing-else';

/** `mavi download`. */
export function mavi(load: Load, flags: readonly string[] = [], name = 'mavi'): Contender {
  return downloader(name, load, (work) => [
    ...[process.execPath, work.bin, 'download', videoOf(load), '--rate', '0', ...flags],
    ...['-o', load.to === 'file' ? work.target : '-'],
  ]);
}

/** The cURL line of the API's documentation. */
export function curl(load: Load): Contender {
  return downloader('curl', load, (work) => curlLine(load, work, work.target));
}

/** What a careful user of curl would type to have a file that is hashed, flushed, and whole under its name. */
export function curlThenHash(load: Load): Contender {
  return downloader(CURL_THEN_HASH, load, (work) => {
    const part = `${work.target}.part`;
    const steps = [
      curlLine(load, work, part),
      ['openssl', 'dgst', '-sha256', part],
      ['sync', part],
      ['mv', part, work.target],
    ];
    return ['sh', '-c', steps.map(shellLine).join(' && ')];
  });
}

/** wget with the same request. */
export function wget(load: Load): Contender {
  return downloader('wget', load, (work) => [
    ...['wget', '-q', '--ca-certificate', work.certPath],
    ...['--header', `Authorization: ${KEY}`, '--header', 'Content-Type: application/json'],
    ...['--post-data', questionOf(load), '-O', load.to === 'file' ? work.target : '-', urlOf(load, work)],
  ]);
}

/** The Python example of the API's documentation; it knows files alone. */
export function python(load: Load): Contender {
  return downloader('Python', load, ({ root }) => [PYTHON, `${root}test/bench/documented.py`]);
}

/** The fewest lines of Node that do it, which check nothing. */
export function bareNode(load: Load): Contender {
  return downloader(BARE_NODE, load, ({ root }) => [process.execPath, `${root}test/bench/bare-node.cjs`]);
}

/** `mavi --version`: what it takes to start. */
export const MAVI_VERSION = bare('mavi --version', ({ bin }) => [process.execPath, bin, '--version']);

/** Node with nothing to do. */
export const EMPTY_NODE = bare('node -e 0', () => [process.execPath, '-e', '0']);

/** The same command where no certificate is named for Node, which then reads none before it needs them. */
export function withoutCertificate(contender: Contender): Contender {
  return { ...contender, env: () => ({}) };
}

/** The same command of `mavi` without the code that its earlier runs have compiled. */
export function withoutKeptCode(contender: Contender): Contender {
  const env = (work: Work) => ({ ...contender.env(work), NODE_DISABLE_COMPILE_CACHE: '1' });
  return { ...contender, name: `${contender.name}, no kept code`, env };
}

function downloader(name: string, load: Load, argv: (work: Work) => readonly string[]): Contender {
  return {
    name,
    argv,
    env: (work) => ({
      MAVI_BASE_URL: work.origins[load.scheme],
      MAVI_API_KEY: KEY,
      MAVI_CONFIG_DIR: work.home,
      ...nodeCertificate(work),
      REQUESTS_CA_BUNDLE: work.certPath,
      URL: urlOf(load, work),
      KEY,
      VIDEO_NO: videoOf(load),
      FILE: work.target,
    }),
    pipes: load.to === 'stdout',
    fileBytes: load.to === 'file' ? load.sizeBytes : null,
  };
}

function bare(name: string, argv: (work: Work) => readonly string[]): Contender {
  return { name, argv, env: nodeCertificate, pipes: false, fileBytes: null };
}

function nodeCertificate({ certPath }: Work): Readonly<Record<string, string>> {
  return { NODE_EXTRA_CA_CERTS: certPath };
}

function curlLine(load: Load, work: Work, file: string): readonly string[] {
  return [
    ...['curl', '--cacert', work.certPath, '--request', 'POST', '--url', urlOf(load, work)],
    ...['--header', `Authorization: ${KEY}`, '--header', 'Content-Type: application/json'],
    ...['--data', questionOf(load), '--output', load.to === 'file' ? file : '-'],
  ];
}

function urlOf({ scheme }: Load, { origins }: Work): string {
  return `${origins[scheme]}/download`;
}

function questionOf(load: Load): string {
  return JSON.stringify({ video_no: videoOf(load), unique_id: 'default' });
}

function videoOf({ sizeBytes, bytesPerSecond }: Load): string {
  return videoNoFor(sizeBytes, bytesPerSecond ?? null);
}
