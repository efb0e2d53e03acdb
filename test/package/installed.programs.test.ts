import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { commandTree } from '../../src/cli.ts';
import type { CommandContext } from '../../src/commands/command.ts';
import { VARIABLES } from '../../src/commands/help.ts';
import { readTree } from '../../src/completion/tree.ts';
import { EXIT_CODES } from '../../src/errors.ts';
import { literalBlock } from '../../src/packaging/man-page.ts';
import { fakeHost } from '../helpers/fake-host.ts';
import { type Ended, type Program, startProgram } from '../helpers/program.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { SAMPLE_VIDEO_NOS, sampleFile } from '../mock/sample-files.ts';
import { type Installed, installPackage, ROOT } from './installed.ts';

let installed: Installed;
beforeAll(() => {
  installed = installPackage();
});
afterAll(() => rmSync(installed.folder, { recursive: true, force: true }));

describe('installed globally from its tarball, without a network', () => {
  test('it is all that there is', () => {
    const modules = join(installed.prefix, 'lib/node_modules');
    expect(readdirSync(modules).filter((name) => !name.startsWith('.'))).toEqual(['mavi']);
    expect(readdirSync(join(modules, 'mavi'))).not.toContain('node_modules');
  });

  test('says its version', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const { code, stdout, stderr } = await mavi(['--version']);
    expect({ code, stderr, stdout: stdout.toString() }).toEqual({
      code: 0,
      stderr: '',
      stdout: `${version}\n`,
    });
  });

  test('completes in bash what its own script offers', () => {
    const line =
      'source <(mavi completion bash); COMP_WORDS=(mavi dow); COMP_CWORD=1; _mavi; echo "$COMPREPLY"';
    const offered = execFileSync('bash', ['-c', line], { env: installed.env, encoding: 'utf8' });
    expect(offered).toBe('download\n');
  });

  test('serves its samples, and downloads one of them completely', async () => {
    const folder = tempDir();
    const mock = start(['mock'], folder);
    let printed = '';
    mock.child.stdout?.on('data', (chunk) => {
      printed += String(chunk);
    });
    await mock.prints('MAVI_API_KEY=');
    const lines = printed.trimEnd().split('\n');
    const env = Object.fromEntries(lines.map((line) => line.split('=') as [string, string]));

    const { code, stderr } = await mavi(['download', SAMPLE_VIDEO_NOS.faststart], folder, env);
    expect(stderr).toContain(`${SAMPLE_VIDEO_NOS.faststart}.mp4`);
    expect(code).toBe(0);
    const video = readFileSync(join(folder, `${SAMPLE_VIDEO_NOS.faststart}.mp4`));
    expect(video.equals(sampleFile('faststart'))).toBe(true);

    mock.child.kill('SIGTERM');
    expect(await mock.ended).toMatchObject({ code: null, signal: 'SIGTERM' });
  });
});

describe('in a checkout that is not built', () => {
  /** A copy of what git knows, without node_modules and dist. */
  function checkout(): string {
    const folder = tempDir();
    const files = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' }).split('\0');
    for (const file of files.filter((name) => name !== '' && existsSync(join(ROOT, name)))) {
      cpSync(join(ROOT, file), join(folder, file));
    }
    return folder;
  }

  test.each([
    ['bin/mavi.js', ['bin/mavi.js', '--version']],
    ['npx', ['npx', '.', '--version']],
    ['npm install -g', ['npm', 'install', '-g', '.']],
  ])('%s says in a line to run npm ci', async (_name, command) => {
    const folder = checkout();
    const env = { ...installed.env, npm_config_prefix: join(folder, 'prefix'), npm_config_offline: 'true' };
    const { code, stderr } = await startProgram(command, { folder, env }).ended;
    expect(code).toBe(1);
    expect(stderr.match(/mavi: .*run: npm ci$/gm)).toHaveLength(1);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(existsSync(join(folder, 'prefix/bin/mavi'))).toBe(false);
  });
});

test("README's way from a checkout puts a mavi that runs into the PATH", async () => {
  const prefix = join(installed.folder, 'from-checkout');
  const env = { ...installed.env, npm_config_prefix: prefix, npm_config_offline: 'true' };
  const install = ['npm', 'install', '-g', '--ignore-scripts', '.'];
  expect(await startProgram(install, { folder: ROOT, env }).ended).toMatchObject({ code: 0 });
  const run = startProgram([join(prefix, 'bin/mavi'), '--version'], { folder: prefix, env });
  expect(await run.ended).toMatchObject({ code: 0, stderr: '' });
});

describe('its man page', () => {
  const pages = (): string => join(installed.prefix, 'share/man');

  test('is found by man, and has every command, exit code and variable', () => {
    const page = execFileSync('man', ['-M', pages(), 'mavi'], {
      env: { ...installed.env, MANPAGER: 'cat', MANWIDTH: '80' },
      encoding: 'utf8',
    });
    for (const { path } of readTree(tree()).slice(1)) {
      if (!path.includes('help')) expect(page).toContain(`   ${path}\n`);
    }
    for (const [code, meaning] of Object.entries(EXIT_CODES)) {
      expect(page).toMatch(new RegExp(`^ {7}${code} +${meaning.slice(0, 12)}`, 'im'));
    }
    for (const [name] of VARIABLES) expect(page).toContain(`\n       ${name}\n`);
  });

  test('has nothing that a formatter warns of', () => {
    const page = join(pages(), 'man1/mavi.1');
    const groff = spawnSync('man', ['--warnings', '-l', page], { encoding: 'utf8', env: installed.env });
    expect(groff).toMatchObject({ status: 0, stderr: '' });
    const mandoc = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', page], { encoding: 'utf8' });
    // It has no date, so that the same source always makes the same page.
    expect(mandoc.stdout.trim().split('\n')).toEqual([expect.stringContaining('missing date')]);
  });

  test('shows text letter by letter: quotes, backslashes, leading dots, letters beyond ASCII', () => {
    const lines = ['.dots and \\-slashes', "'quoted' `text` ~/.x ^", '--flag "as is" … é'];
    const source = ['.TH X 1', '.SH NAME', ...literalBlock(lines)].join('\n');
    const shown = execFileSync('man', ['-l', '-'], {
      env: { ...installed.env, MANPAGER: 'cat' },
      input: source,
      encoding: 'utf8',
    });
    for (const line of lines) expect(shown).toContain(` ${line}\n`);
  });
});

describe('what is loaded', () => {
  test('for --version and --help is the declarations of the commands, and nothing that they use', async () => {
    for (const argv of [['--version'], ['--help'], ['download', '--help']]) {
      const files = await loadedFiles(argv);
      const bytes = files.reduce((sum, file) => sum + readFileSync(file).length, 0);
      expect(files.length).toBeGreaterThan(1);
      expect(bytes, argv.join(' ')).toBeLessThan(LARGEST_START_BYTES);
    }
  });

  test('for the check of a file is neither the network nor the config file', async () => {
    const files = await loadedFiles(['verify', join(ROOT, 'src/mock/samples/faststart.mp4')]);
    const text = files.map((file) => readFileSync(file, 'utf8')).join('\n');
    expect(OF_OTHERS.filter((word) => text.includes(word))).toEqual([]);
  });
});

/** commander, the declarations and what of ours they need have some 200 kB; the packages below would add more. */
const LARGEST_START_BYTES = 240_000;

/** What only the config file's package, a SOCKS proxy and the bars would bring. */
const OF_OTHERS = ['strictSchema', 'SmartBuffer', 'barCompleteChar'];

function tree(): ReturnType<typeof commandTree> {
  const context: CommandContext = { host: fakeHost({ cwd: ROOT }), run: async () => {} };
  return commandTree(context, { help: [], usage: [] });
}

/** The files of the package that a run loads. */
async function loadedFiles(argv: readonly string[]): Promise<string[]> {
  const folder = tempDir();
  const { code } = await mavi(argv, folder, { NODE_V8_COVERAGE: folder });
  expect(code).toBe(0);
  const [report = ''] = readdirSync(folder).filter((name) => name.startsWith('coverage'));
  const { result } = JSON.parse(readFileSync(join(folder, report), 'utf8')) as { result: { url: string }[] };
  return result
    .filter(({ url }) => url.startsWith('file:'))
    .map(({ url }) => fileURLToPath(url))
    .filter((file) => file.includes('/dist/'));
}

function start(
  argv: readonly string[],
  folder = installed.folder,
  env: Record<string, string> = {},
): Program {
  const program = startProgram([installed.bin, ...argv], { folder, env: { ...installed.env, ...env } });
  onTestFinished(() => void program.child.kill('SIGKILL'));
  return program;
}

function mavi(argv: readonly string[], folder?: string, env?: Record<string, string>): Promise<Ended> {
  return start(argv, folder, env).ended;
}
