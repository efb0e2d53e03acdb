import { writeFileSync } from 'node:fs';
import type { Mock } from '../../../src/mock/server.ts';
import { PYTHON } from '../machine.ts';
import { shellLine } from '../shell.ts';
import { pathFor } from './bench-video.ts';

/** Where and with what a measured command works. */
export interface Work {
  readonly root: string;
  /** The program to measure: `bin/mavi.js` of the checkout, or another build. */
  readonly bin: string;
  /** The server's origins. */
  readonly origins: { readonly http: string; readonly https: string };
  /** The certificate that clients are to trust. */
  readonly certPath: string;
  /** The processor time that the server has taken so far. */
  readonly serverCpuSeconds: () => number;
  /** The mock of the command that is being run, where its case has mocks. */
  readonly mock?: Mock;
  /** Where a file goes, or a folder of files. */
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
  /** How many files it has to leave in a folder, which is there when it starts; default none. */
  readonly files?: number;
}

/** The names that others tell contenders by. */
export const BARE_NODE = 'bare Node';
export const TO_NOTHING = 'curl to /dev/null';
export const CURL_TEE_HASH = 'curl | tee >(sha256sum)';
export const CURL_THEN_HASH = 'curl; openssl dgst; sync; mv';

const VIDEO_NO = 'VI625239098370850816';
const KEY = 'sk-mavi-of-the-benchmark-and-of-nothing-else';

/** `mavi download`. */
export function mavi(load: Load, flags: readonly string[] = [], name = 'mavi'): Contender {
  return downloader(name, load, (work) => [
    ...[process.execPath, work.bin, 'download', VIDEO_NO, '--rate', '0', ...flags],
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

/** curl to nothing: what the server gives to the fastest client. */
export function curlToNothing(load: Load): Contender {
  return { ...downloader(TO_NOTHING, load, (work) => curlLine(load, work, '/dev/null')), fileBytes: null };
}

/** What a user of curl would type to have the hash of a video in a pipe. */
export function curlTeeHash(load: Load): Contender {
  return downloader(CURL_TEE_HASH, load, (work) => [
    ...['bash', '-c'],
    `${shellLine(curlLine(load, work, '-'))} | tee >(sha256sum >&2)`,
  ]);
}

/** wget with the same request. */
export function wget(load: Load): Contender {
  return downloader('wget', load, (work) => [
    ...['wget', '-q', '--ca-certificate', work.certPath],
    ...['--header', `Authorization: ${KEY}`, '--header', 'Content-Type: application/json'],
    ...['--post-data', questionOf(), '-O', load.to === 'file' ? work.target : '-', urlOf(load, work)],
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

const SMALL: Load = { scheme: 'https', sizeBytes: 100_000, to: 'file' };
const SMALL_VIDEOS = Array.from({ length: 200 }, (_, at) => `VI${String(at).padStart(18, '0')}`);
export const XARGS = 'xargs -P3 curl';

/** Many small videos into a folder, by everybody; the server does not look at the video_no. */
export const SMALL_CONTENDERS: readonly Contender[] = [
  small('mavi', (work) => [
    ...[process.execPath, work.bin, 'download', ...SMALL_VIDEOS, '--rate', '0', '-d', work.target],
  ]),
  small('curl -K', (work) => ['curl', '-sS', '-K', configOf(work)]),
  small(XARGS, (work) => [
    ...['bash', '-c'],
    `xargs -P3 -I@ ${shellLine(curlLine(SMALL, work, `${work.target}/@.mp4`))} <<< "$(tr ' ' '\\n' <<< "$VIDEO_NOS")"`,
  ]),
  small('Python, a session', ({ root }) => [PYTHON, `${root}test/bench/session.py`]),
];

function small(name: string, argv: (work: Work) => readonly string[]): Contender {
  const { env, ...contender } = downloader(name, SMALL, argv);
  return {
    ...contender,
    env: (work) => ({ ...env(work), FOLDER: work.target, VIDEO_NOS: SMALL_VIDEOS.join(' ') }),
    fileBytes: null,
    files: SMALL_VIDEOS.length,
  };
}

/** A file of curl's options, with one URL and one output a video. */
function configOf(work: Work): string {
  const path = `${work.home}/curl.conf`;
  const each = SMALL_VIDEOS.map(
    (videoNo) => `url = "${urlOf(SMALL, work)}"\noutput = "${work.target}/${videoNo}.mp4"`,
  );
  const shared = [
    `cacert = "${work.certPath}"`,
    `header = "Authorization: ${KEY}"`,
    'header = "Content-Type: application/json"',
    `data = ${JSON.stringify(questionOf())}`,
  ];
  writeFileSync(path, [...shared, ...each].join('\n'));
  return path;
}

/** `mavi` against a mock of its own. */
export function maviAtMock(name: string, argv: (work: Work) => readonly string[]): Contender {
  return {
    name,
    argv: (work) => [process.execPath, work.bin, ...argv(work)],
    env: (work) => ({
      MAVI_BASE_URL: work.mock?.baseUrl ?? '',
      MAVI_API_KEY: work.mock?.key ?? '',
      MAVI_CONFIG_DIR: work.home,
    }),
    pipes: false,
    fileBytes: null,
  };
}

function downloader(name: string, load: Load, argv: (work: Work) => readonly string[]): Contender {
  return {
    name,
    argv,
    env: (work) => ({
      MAVI_BASE_URL: `${work.origins[load.scheme]}/${pathOf(load)}`,
      MAVI_API_KEY: KEY,
      MAVI_CONFIG_DIR: work.home,
      ...nodeCertificate(work),
      REQUESTS_CA_BUNDLE: work.certPath,
      URL: urlOf(load, work),
      KEY,
      VIDEO_NO,
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
    ...['--data', questionOf(), '--output', load.to === 'file' ? file : '-'],
  ];
}

function urlOf(load: Load, { origins }: Work): string {
  return `${origins[load.scheme]}/${pathOf(load)}/download`;
}

function questionOf(): string {
  return JSON.stringify({ video_no: VIDEO_NO, unique_id: 'default' });
}

function pathOf({ sizeBytes, bytesPerSecond }: Load): string {
  return pathFor(sizeBytes, bytesPerSecond ?? null);
}
