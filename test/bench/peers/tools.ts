import { PYTHON } from '../machine.ts';

/** What a tool has to download, and where to. */
export interface Errand {
  /** The API's download route. */
  readonly url: string;
  /** The same for a tool that cannot POST. */
  readonly getUrl: string;
  readonly baseUrl: string;
  readonly key: string;
  readonly videoNo: string;
  /** The file's name in the working folder. */
  readonly file: string;
  /** Whether to replace an existing file of that name: only `mavi` needs a flag for it. */
  readonly replace: boolean;
  /** The checkout. */
  readonly root: string;
  /** The launcher of `mavi`. */
  readonly bin: string;
}

/** A command line and its environment variables. */
export interface Command {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A tool, run the way its users would run it. */
export interface Tool {
  readonly name: string;
  /** The name of its program in the table of versions; null for `mavi`. */
  readonly program: string | null;
  command(errand: Errand): Command;
}

/** Idle timeout in seconds, for the tools that have one. */
const IDLE_SECONDS = '3';
const JSON_HEADER = 'Content-Type: application/json';

/** The tools, each with the flags that its users would rely on; `mavi` is the last. */
export const TOOLS: readonly Tool[] = [
  tool('curl, as documented', 'curl', (errand) => [
    ...['curl', '--request', 'POST', '--url', errand.url],
    ...['--header', authorization(errand), '--header', JSON_HEADER],
    ...['--data', question(errand), '--output', errand.file],
  ]),
  tool('curl, hardened', 'curl', (errand) => [
    ...['curl', '-fsSL', '--retry', '3', '--retry-all-errors', '--remove-on-error'],
    ...['--speed-limit', '1', '--speed-time', IDLE_SECONDS],
    ...['--header', authorization(errand), '--header', JSON_HEADER],
    ...['--data', question(errand), '--output', errand.file, errand.url],
  ]),
  tool('wget', 'wget', (errand) => [
    ...['wget', '--timeout', IDLE_SECONDS, '--tries', '4', '--waitretry', '1'],
    ...['--header', authorization(errand), '--header', JSON_HEADER],
    ...['--post-data', question(errand), '-O', errand.file, errand.url],
  ]),
  tool('wget2', 'wget2', (errand) => [
    ...['wget2', '--timeout', IDLE_SECONDS, '--tries', '4', '--waitretry', '1'],
    ...['--header', authorization(errand), '--header', JSON_HEADER],
    ...['--post-data', question(errand), '-O', errand.file, errand.url],
  ]),
  tool('aria2c', 'aria2c', (errand) => [
    ...['aria2c', '--timeout', IDLE_SECONDS, '--max-tries', '4', '--retry-wait', '1'],
    ...['--allow-overwrite=true', '--auto-file-renaming=false'],
    ...['--header', authorization(errand), '-o', errand.file, errand.getUrl],
  ]),
  {
    name: 'Python, as documented',
    program: 'Python',
    command: (errand) => ({
      argv: [PYTHON, `${errand.root}test/bench/documented.py`],
      env: { URL: errand.url, KEY: errand.key, VIDEO_NO: errand.videoNo, FILE: errand.file },
    }),
  },
  maviTool('mavi', []),
];

/** `mavi` with `--lookup`, which asks the library for the size first. */
export const MAVI_LOOKUP = maviTool('mavi --lookup', ['--lookup']);

/** `mavi` with `--deep`, which also checks the media. */
export const MAVI_DEEP = maviTool('mavi --deep', ['--deep']);

function tool(name: string, program: string, argv: (errand: Errand) => readonly string[]): Tool {
  return { name, program, command: (errand) => ({ argv: argv(errand), env: {} }) };
}

function maviTool(name: string, more: readonly string[]): Tool {
  return {
    name,
    program: null,
    command: (errand) => ({
      argv: [
        ...[process.execPath, errand.bin, 'download', errand.videoNo, '-o', errand.file],
        ...['--timeout', IDLE_SECONDS, '--retries', '3', '--rate', '0', ...more],
        ...(errand.replace ? ['--force'] : []),
      ],
      env: { MAVI_BASE_URL: errand.baseUrl, MAVI_API_KEY: errand.key },
    }),
  };
}

function authorization({ key }: Errand): string {
  return `Authorization: ${key}`;
}

function question({ videoNo }: Errand): string {
  return JSON.stringify({ video_no: videoNo, unique_id: 'default' });
}
