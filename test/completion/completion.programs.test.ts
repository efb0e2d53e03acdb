/** The completion scripts in the shells that they are for. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandTree, run } from '../../src/cli.ts';
import { readTree } from '../../src/completion/tree.ts';
import { FAULTS } from '../../src/mock/faults.ts';
import { fakeHost } from '../helpers/fake-host.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { offers, scriptFile, typedIntoBash } from './shells.ts';

const SETTINGS = [
  'base-url',
  'concurrency',
  'connect-timeout',
  'limit-rate',
  'rate',
  'retries',
  'timeout',
  'unique-id',
];

/** What is offered at the end of each line, in every shell. */
const OFFERED: readonly (readonly [line: string, offered: readonly string[]])[] = [
  ['mavi ', ['auth', 'completion', 'config', 'download', 'help', 'list', 'mock', 'sync', 'verify']],
  ['mavi d', ['download']],
  ['mavi auth ', ['login', 'logout', 'status']],
  ['mavi auth status --c', ['--connect-timeout']],
  ['mavi help c', ['completion', 'config']],
  ['mavi help e', ['environment', 'exit-codes']],
  ['mavi download --ver', ['--verbose', '--verify']],
  ['mavi download --verify ', ['ftyp', 'full', 'none']],
  ['mavi download -o --verify.mp4 --container ', ['any', 'mp4']],
  ['mavi config get ', SETTINGS],
  ['mavi config set r', ['rate', 'retries']],
  ['mavi config unset u', ['unique-id']],
  ['mavi mock --fault ', Object.keys(FAULTS).sort()],
  ['mavi completion ', ['bash', 'fish', 'zsh']],
  // Nothing can be offered for a number, an id, or what follows the end of the flags.
  ['mavi download ', []],
  ['mavi download --rate ', []],
  ['mavi config set rate ', []],
  ['mavi download -- --', []],
];

function workFolder(): { scripts: string; here: string } {
  const folder = tempDir();
  const here = join(folder, 'here');
  mkdirSync(join(here, 'my library'), { recursive: true });
  writeFileSync(join(here, 'wanted list.txt'), '');
  return { scripts: folder, here };
}

describe.each(['bash', 'zsh', 'fish'] as const)('the script for %s', (shell) => {
  test('offers the words that are valid at each position', async ({ expect }) => {
    const { scripts, here } = workFolder();
    const lines = OFFERED.map(([line]) => line);

    const offered = await offers(shell, lines, await scriptFile(shell, scripts), here);

    expect(offered.map((words, place) => [lines[place], words])).toEqual(OFFERED);
  });

  test('offers every long flag of every command', async ({ expect }) => {
    const { scripts, here } = workFolder();
    const commands = readTree(treeOf(here));
    const lines = commands.map(({ path }) => `${path} --`);
    const flags = commands.map(({ flags }) =>
      flags.flatMap(({ spellings }) => spellings.filter((spelling) => spelling.startsWith('--'))).sort(),
    );

    const offered = await offers(shell, lines, await scriptFile(shell, scripts), here);

    expect(Object.fromEntries(lines.map((line, place) => [line, offered[place]]))).toEqual(
      Object.fromEntries(lines.map((line, place) => [line, flags[place]])),
    );
  });
});

describe('names of files and folders', () => {
  const FILES = ['mavi download -a ', 'mavi verify ', 'mavi verify one.mp4 '];
  const FOLDERS = ['mavi sync ', 'mavi download -d ', 'mavi mock --videos '];

  test('are offered by fish for a value that is a file or a folder', async () => {
    const { scripts, here } = workFolder();
    const offered = await offers('fish', [...FILES, ...FOLDERS], await scriptFile('fish', scripts), here);
    for (const names of offered.slice(0, FILES.length))
      expect(names).toEqual(['my library/', 'wanted list.txt']);
    for (const names of offered.slice(FILES.length)) expect(names).toEqual(['my library/']);
  });

  test('are offered by zsh for a value that is a file or a folder', async () => {
    const { scripts, here } = workFolder();
    const offered = await offers('zsh', [...FILES, ...FOLDERS], await scriptFile('zsh', scripts), here);
    for (const names of offered.slice(0, FILES.length))
      expect(names).toEqual(['my\\ library', 'wanted\\ list.txt']);
    for (const names of offered.slice(FILES.length)) expect(names).toEqual(['my\\ library']);
  });

  test('are completed and quoted by bash for a value that is a file or a folder', async () => {
    const { scripts, here } = workFolder();
    const keys = [...FILES.map((line) => `${line}w\t`), ...FOLDERS.map((line) => `${line}m\t`)];
    expect(await typedIntoBash(keys, await scriptFile('bash', scripts), here)).toEqual([
      '<download><-a><wanted list.txt>',
      '<verify><wanted list.txt>',
      '<verify><one.mp4><wanted list.txt>',
      '<sync><my library/>',
      '<download><-d><my library/>',
      '<mock><--videos><my library/>',
    ]);
  });
});

describe('a value behind an equals sign', () => {
  test('is completed by bash', async () => {
    const { scripts, here } = workFolder();
    const keys = ['mavi download --verify=fu\t--container=a\t', 'mavi download --batch-file=w\t'];
    expect(await typedIntoBash(keys, await scriptFile('bash', scripts), here)).toEqual([
      '<download><--verify=full><--container=any>',
      '<download><--batch-file=wanted list.txt>',
    ]);
  });

  test('is completed by bash if the user removed the equals sign from COMP_WORDBREAKS', async () => {
    const { scripts, here } = workFolder();
    const keys = [`COMP_WORDBREAKS=\${COMP_WORDBREAKS//=/}`, 'mavi download --verify=fu\t--container=a\t'];
    expect(await typedIntoBash(keys, await scriptFile('bash', scripts), here)).toEqual([
      '<download><--verify=full><--container=any>',
    ]);
  });

  test('is completed by zsh and fish', async () => {
    const { scripts, here } = workFolder();
    const line = 'mavi download --verify=f';
    expect(await offers('zsh', [line], await scriptFile('zsh', scripts), here)).toEqual([['ftyp', 'full']]);
    expect(await offers('fish', [line], await scriptFile('fish', scripts), here)).toEqual([
      ['--verify=ftyp', '--verify=full'],
    ]);
  });
});

test('zsh also finds the script as a file in fpath', async () => {
  const { scripts, here } = workFolder();
  const script = await scriptFile('zsh', scripts, '_mavi');
  expect(await offers('zsh', ['mavi auth ', 'mavi download --ver'], script, here)).toEqual([
    ['login', 'logout', 'status'],
    ['--verbose', '--verify'],
  ]);
});

test('an unsupported shell is a usage error that lists the supported ones', async () => {
  const host = fakeHost({ cwd: tempDir() });
  expect(await run(['completion', 'tcsh'], host)).toBe(2);
  expect(host.errors()).toContain('bash, zsh or fish');
  expect(host.output().length).toBe(0);
});

function treeOf(cwd: string): ReturnType<typeof commandTree> {
  return commandTree({ host: fakeHost({ cwd }), run: async () => {} }, { help: [], usage: [] });
}
