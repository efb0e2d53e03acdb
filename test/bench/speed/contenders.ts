import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MANIFEST_NAME } from '../../../src/download/manifest.ts';
import type { Mock } from '../../../src/mock/server.ts';
import type { VideoRecord } from '../../../src/record.ts';
import { generatedLibrary } from '../../helpers/generated.ts';
import { PYTHON } from '../machine.ts';
import { shellLine } from '../shell.ts';

/** The surroundings of a measured command: paths, server, certificate. */
export interface Work {
  readonly root: string;
  /** The program to measure: `bin/mavi.js` of the checkout, or another build. */
  readonly bin: string;
  /** The server's origins. */
  readonly origins: { readonly http: string; readonly https: string; readonly paced: string };
  /** The certificate that clients have to trust. */
  readonly certPath: string;
  /** CPU time of the server so far. */
  readonly serverCpuSeconds: () => number;
  /** The mock of the current command, if its case has mocks. */
  readonly mock?: Mock;
  /** The path of the file, or of the folder of files, to create. */
  readonly target: string;
  /** A home without settings. */
  readonly home: string;
}

/** What is downloaded. */
export interface Load {
  /** `paced` is https at 400 MB/s. */
  readonly scheme: 'http' | 'https' | 'paced';
  readonly sizeBytes: number;
  readonly to: 'file' | 'stdout';
}

/** One of the commands that a case compares. */
export interface Contender {
  readonly name: string;
  argv(work: Work): readonly string[];
  env(work: Work): Readonly<Record<string, string>>;
  /** Whether it writes the video to standard output, which is then a pipe with a reader. */
  readonly pipes: boolean;
  /** Size in bytes of the file that it has to create; null for none. */
  readonly fileBytes: number | null;
  /** How many files it has to create in a folder that already exists; none by default. */
  readonly files?: number;
}

/** Names of contenders that other modules refer to. */
export const BARE_NODE = 'bare Node';
export const TO_NOTHING = 'curl to /dev/null';
export const NODE_TO_NOTHING = 'bare Node, to nothing';
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

/** The curl command from the API's documentation. */
export function curl(load: Load): Contender {
  return downloader('curl', load, (work) => curlLine(load, work, work.target));
}

/** What a careful curl user would type to get a hashed and flushed file that is never visible half-written. */
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

/** curl to /dev/null: the most that the server delivers. */
export function curlToNothing(load: Load): Contender {
  return { ...downloader(TO_NOTHING, load, (work) => curlLine(load, work, '/dev/null')), fileBytes: null };
}

/** What a curl user would type to hash a video in a pipe. */
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

/** The Python example from the API's documentation; it can only write files. */
export function python(load: Load): Contender {
  return downloader('Python', load, ({ root }) => [PYTHON, `${root}test/bench/documented.py`]);
}

/** The shortest Node program that downloads a video; it checks nothing. */
export function bareNode(load: Load): Contender {
  return downloader(BARE_NODE, load, ({ root }) => [process.execPath, `${root}test/bench/bare-node.cjs`]);
}

/** The same program without a file: what Node's own HTTP takes to read a body and drop it. */
export function nodeToNothing(load: Load): Contender {
  const { env, ...contender } = bareNode(load);
  return {
    ...contender,
    name: NODE_TO_NOTHING,
    env: (work) => ({ ...env(work), FILE: '' }),
    fileBytes: null,
  };
}

/** `mavi --version`: start-up cost. */
export const MAVI_VERSION = bare('mavi --version', ({ bin }) => [process.execPath, bin, '--version']);

/** Node running an empty script. */
export const EMPTY_NODE = bare('node -e 0', () => [process.execPath, '-e', '0']);

/** The same command without NODE_EXTRA_CA_CERTS; Node then loads certificates only when it needs them. */
export function withoutCertificate(contender: Contender): Contender {
  return { ...contender, env: () => ({}) };
}

const SMALL: Load = { scheme: 'https', sizeBytes: 100_000, to: 'file' };
const SMALL_VIDEOS = Array.from({ length: 200 }, (_, at) => `VI${String(at).padStart(18, '0')}`);
export const XARGS = 'xargs -P3 curl';

/** Every contender downloading many small videos into a folder; the server ignores the video_no. */
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

/** A curl config file with one URL and one output per video. */
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

/** `mavi` against its own mock. */
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

/** A folder in which all videos of a library of this size are recorded and present; made if it is missing. */
export function syncedFolder({ target }: Work, rows: number): string {
  const folder = `${target}.synced-${rows}`;
  if (existsSync(folder)) return folder;
  mkdirSync(folder);
  const library = generatedLibrary({ count: rows });
  const lines: string[] = [];
  for (let at = 0; at < rows; at += 1) {
    const { videoNo = '', uniqueId = '', sizeBytes = 0 } = library.at('default', at) ?? {};
    const file = `${videoNo}.mp4`;
    writeFileSync(join(folder, file), '');
    truncateSync(join(folder, file), sizeBytes);
    const record: VideoRecord = {
      video_no: videoNo,
      unique_id: uniqueId,
      status: 'downloaded',
      file,
      bytes: sizeBytes,
      bytes_received: sizeBytes,
      expected_size: sizeBytes,
      sha256: createHash('sha256').update(file).digest('hex'),
      seconds: 0.1,
      attempts: 1,
      brand: 'isom',
      downloaded_at: new Date(0).toISOString(),
      error: null,
      warnings: [],
    };
    lines.push(`${JSON.stringify(record)}\n`);
  }
  writeFileSync(join(folder, MANIFEST_NAME), lines.join(''));
  return folder;
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

function pathOf({ sizeBytes }: Load): string {
  return `bytes-${sizeBytes}`;
}
