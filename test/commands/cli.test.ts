import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli.ts';
import { VARIABLES } from '../../src/commands/help.ts';
import { EXIT_CODES } from '../../src/errors.ts';
import { type FakeHostOptions, fakeHost } from '../helpers/fake-host.ts';
import { controlCharacter } from '../helpers/leaks.ts';
import { namesIn, tempDir } from '../helpers/temp-dir.ts';
import { envFor, withMock } from '../helpers/with-mock.ts';
import { SAMPLE_VIDEO_NOS } from '../mock/sample-files.ts';

const { faststart, moovLast } = SAMPLE_VIDEO_NOS;
const DOWNLOAD = ['download', faststart];

const MISTAKES: readonly (readonly [
  says: string,
  args: readonly string[],
  host?: Partial<FakeHostOptions>,
])[] = [
  ["unknown command 'version' (did you mean --version?)", ['version']],
  ["unknown command 'exit-code' (did you mean exit-codes?)", ['help', 'exit-code']],
  ["unknown command 'exitcodes' (did you mean exit-codes?)", ['help', 'exitcodes']],
  ["unknown command 'synk' (did you mean sync?)", ['help', 'synk']],
  ["unknown command 'logn' (did you mean login?)", ['help', 'auth', 'logn']],
  ["unknown command 'extra'", ['help', 'download', 'extra']],
  ["unknown command 'help'", ['help', 'auth', 'help']],
  ["unknown command 'extra'", ['help', 'exit-codes', 'extra']],
  ["unknown command 'constructor'", ['help', 'constructor']],
  ["unknown command 'downlaod'", ['downlaod', faststart]],
  ["unknown option '--ouptut'", [...DOWNLOAD, '--ouptut', 'x']],
  ["unknown option '--api-key'", [...DOWNLOAD, '--api-key', 'x']],
  ['no videos given', ['download']],
  ['needs a value: <file>', [...DOWNLOAD, '-o']],
  ['--rate takes', [...DOWNLOAD, '--rate', 'fast']],
  ['--rate takes', [...DOWNLOAD, '--rate', '12/y']],
  ['--rate takes', [...DOWNLOAD, '--rate=-1']],
  ['--concurrency takes a whole number', [...DOWNLOAD, '-c', '0']],
  ['--concurrency takes a whole number', [...DOWNLOAD, '-c', '2.5']],
  ['--retries takes a whole number', [...DOWNLOAD, '--retries=-1']],
  ['--connect-timeout takes a number of seconds', [...DOWNLOAD, '--connect-timeout', 'soon']],
  ['--timeout takes a number of seconds', [...DOWNLOAD, '--timeout', '1e9999']],
  ['--limit-rate takes a number of bytes', [...DOWNLOAD, '--limit-rate', '10X']],
  ['--max-transfer takes a number of bytes', [...DOWNLOAD, '--max-transfer', '0']],
  ['--base-url takes an address', [...DOWNLOAD, '--base-url', 'api.memories.ai']],
  ['--base-url takes an https address', [...DOWNLOAD, '--base-url', 'http://api.memories.ai']],
  ['--base-url takes an https address', [...DOWNLOAD, '--base-url', 'ftp://127.0.0.1/']],
  ['--base-url takes an address without a user name', [...DOWNLOAD, '--base-url', 'https://a@b/']],
  ['--unique-id takes the name of a scope', [...DOWNLOAD, '-u', '']],
  ["--verify takes full, ftyp or none, not 'maybe'", [...DOWNLOAD, '--verify', 'maybe']],
  ['--container takes mp4 or any', [...DOWNLOAD, '--container', 'mkv']],
  ['--progress takes auto, bar, plain or none', [...DOWNLOAD, '--progress', 'loud']],
  ['--output takes a name', [...DOWNLOAD, '-o', '']],
  ['--output-dir takes a name', [...DOWNLOAD, '-d', '']],
  ['--manifest takes a name', [...DOWNLOAD, '--manifest', '']],
  ['--output takes one video only', [...DOWNLOAD, moovLast, '-o', 'x.mp4']],
  ['--output takes one video only', [...DOWNLOAD, moovLast, '-o', '-']],
  ['--output takes one video only', [...DOWNLOAD, moovLast, '-o', 'x.mp4', '-a', 'missing']],
  ['--output takes one video only', [...DOWNLOAD, '-a', '-', '-o', 'x.mp4'], { stdin: `${moovLast}\n` }],
  ["can't be combined with", [...DOWNLOAD, '-o', 'x.mp4', '-d', 'x']],
  ["can't be combined with", [...DOWNLOAD, '--force', '--skip-existing']],
  ["can't be combined with", [...DOWNLOAD, '--clobber', '--skip-existing']],
  ['to a terminal', [...DOWNLOAD, '-o', '-'], { stdoutIsTTY: true }],
  ['to a terminal', [...DOWNLOAD, '-o', '/dev/stdout'], { stdoutIsTTY: true }],
  ['(standard input, line 3)', ['download', '-a', '-'], { stdin: `# two\n${moovLast}\n../up\n` }],
  ['MAVI_RATE takes', DOWNLOAD, { env: { MAVI_RATE: 'x' } }],
  ['MAVI_CONCURRENCY takes', DOWNLOAD, { env: { MAVI_CONCURRENCY: '0' } }],
  ['MAVI_BASE_URL takes', DOWNLOAD, { env: { MAVI_BASE_URL: 'http://10.0.0.1' } }],
  ['MAVI_TIMEOUT takes', ['list'], { env: { MAVI_TIMEOUT: '-5' } }],
  ["missing required argument 'dir'", ['sync']],
  ['--shard', ['sync', 'x', '--shard', '3/2']],
  ['--limit', ['list', '--limit', '0']],
  ['--near', ['list', '--near', '91,0']],
  ['--taken-after', ['list', '--taken-after', 'yesterday']],
  ["can't be combined with", ['list', '--ids', '--json']],
  ['no file named', ['verify']],
  ['--port takes a whole number', ['mock', '--port', '70000']],
  ["unknown fault 'nonsense'", ['mock', '--fault', 'nonsense']],
  ['--limit takes', ['mock', '--limit', 'x']],
  ['--pace takes', ['mock', '--pace', '0']],
  ["unknown setting 'colour'", ['config', 'set', 'colour', 'red']],
  ["the API key can't be set here", ['config', 'set', 'api-key', 'x']],
  ["the API key can't be set here", ['config', 'get', 'api-key']],
  ['mavi: rate takes', ['config', 'set', 'rate', 'fast']],
  ['too many arguments', ['auth', 'login', 'key']],
  ["<shell> takes bash, zsh or fish, not 'tcsh'", ['completion', 'tcsh']],
];

/** What cannot be a video_no, for it could name another path, or is none. */
const NO_VIDEO_NOS = [
  '../x',
  '..',
  '.',
  '/etc/passwd',
  'a/b',
  'a\\b',
  'C:',
  'a b',
  '',
  '~',
  '%2e%2e',
  'VI1.mp4',
  'ä',
  'VI1,VI2',
  'x'.repeat(65),
];

describe('a mistake in the command line', () => {
  it.for(MISTAKES)(
    'that is told as "%s" is exit 2, in a line or two, before any request',
    async ([says, args, more]) => {
      const cwd = tempDir();
      const mock = await withMock();
      const host = fakeHost({ cwd, ...more, env: { ...envFor(mock), ...more?.env } });
      expect(await run(args, host)).toBe(2);
      expect(host.errors()).toContain(says);
      expect(host.errors().trimEnd().split('\n').length).toBeLessThanOrEqual(2);
      expect(host.output().length).toBe(0);
      expect(mock.requests).toEqual([]);
      expect(namesIn(cwd)).toEqual([]);
    },
  );

  it.for(NO_VIDEO_NOS)(
    'such as the video_no %j is exit 2, among good ones too and in a list',
    async (videoNo) => {
      const cwd = tempDir();
      const mock = await withMock();
      const runs = [
        { args: ['download', faststart, '--', videoNo] },
        { args: ['download', '-a', '-'], stdin: `${faststart}\n.${videoNo}\n` },
      ];
      for (const { args, stdin = '' } of runs) {
        const host = fakeHost({ cwd, env: envFor(mock), stdin });
        expect(await run(args, host)).toBe(2);
        expect(host.errors()).toContain('is not a video ID');
        expect(controlCharacter(host.errors())).toBeNull();
      }
      expect(mock.requests).toEqual([]);
      expect(namesIn(cwd)).toEqual([]);
    },
  );

  it('in a list is reported with file name and line', async () => {
    const cwd = tempDir();
    const mock = await withMock();
    writeFileSync(join(cwd, 'list'), `${faststart}\r\n\r\n../up\r\n`);
    const host = fakeHost({ cwd, env: envFor(mock) });
    expect(await run(['download', '-a', 'list'], host)).toBe(2);
    expect(host.errors()).toContain("'../up' (list, line 3) is not a video ID");
    expect(mock.requests).toEqual([]);
  });
});

const COMMANDS = [
  ...['download', 'list', 'sync', 'verify', 'mock', 'completion'],
  ...['auth login', 'auth logout', 'auth status'],
  ...['config list', 'config get', 'config set', 'config unset', 'config path'],
];

describe('help', () => {
  it.for([
    ['--help'],
    ['help'],
    ['help', 'download'],
    ['download', '--help'],
    ['sync', '-h'],
    ['auth', 'login', '--help'],
  ])('for %j is exit 0 on standard output, without control codes', async (args) => {
    const host = fakeHost({ cwd: tempDir() });
    expect(await run(args, host)).toBe(0);
    const text = host.output().toString();
    expect(text).toContain('Usage: mavi');
    expect([controlCharacter(text), host.errors()]).toEqual([null, '']);
  });

  it.for(['download', 'list', 'sync', 'verify', 'auth', 'config', 'mock', 'completion'])(
    'of %s, which is made alone then, is that of the complete tree',
    async (name) => {
      const texts: string[] = [];
      for (const args of [
        [name, '--help'],
        ['help', name],
      ]) {
        const host = fakeHost({ cwd: tempDir() });
        expect(await run(args, host)).toBe(0);
        texts.push(host.output().toString());
      }
      expect(texts[0]).toContain(`Usage: mavi ${name} `);
      expect(texts[0]).toBe(texts[1]);
    },
  );

  it('without a topic fits a terminal of 80 x 24, prompt included, and is what --help prints', async () => {
    const texts: string[] = [];
    for (const args of [[], ['--help'], ['help']]) {
      const host = fakeHost({ cwd: tempDir(), stdoutIsTTY: true, columns: 80 });
      expect(await run(args, host)).toBe(0);
      texts.push(host.output().toString());
    }
    const lines = (texts[0] as string).trimEnd().split('\n');
    expect(lines.length).toBeLessThan(24);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(new Set(texts).size).toBe(1);
  });

  it.for(COMMANDS)(
    'of %s has two or three examples or fewer, and names the topics in one line',
    async (name) => {
      const host = fakeHost({ cwd: tempDir() });
      expect(await run([...name.split(' '), '--help'], host)).toBe(0);
      const lines = host.output().toString().trimEnd().split('\n');
      const examples = lines.filter((line) => /^ {2}(mavi|echo) /.test(line));
      expect(examples.length).toBeGreaterThan(0);
      expect(examples.length).toBeLessThanOrEqual(3);
      expect(lines.filter((line) => line.startsWith('Help topics: '))).toEqual([lines.at(-1)]);
    },
  );

  it.for([
    ['exit-codes', Object.keys(EXIT_CODES)],
    ['environment', VARIABLES.map(([variable]) => variable)],
    ['verification', ['full', 'ftyp', 'none']],
  ] as const)('has a topic %s', async ([topic, names]) => {
    const host = fakeHost({ cwd: tempDir() });
    expect(await run(['help', topic], host)).toBe(0);
    const listed = [
      ...host
        .output()
        .toString()
        .matchAll(/^ {2}(?<name>\S.*?) {2,}/gm),
    ];
    expect(listed.map(({ groups }) => groups?.name)).toEqual(names);
  });
});
