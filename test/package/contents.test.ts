import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EXIT_CODES } from '../../src/errors.ts';
import { packedFiles, ROOT } from './installed.ts';

const manifest = JSON.parse(read('package.json'));
const SAMPLES = readdirSync(join(ROOT, 'src/mock/samples')).filter((name) => name.endsWith('.mp4'));

describe('the package', () => {
  const files = packedFiles();

  test('contains the launcher, the bundle, the samples, the texts, and nothing else', () => {
    // The bundler names these after what is in them.
    const parts = files.filter((file) => /^dist\/[a-z0-9-]+-[A-Z0-9]{8}\.mjs$/.test(file));
    expect(parts.length).toBeGreaterThan(0);
    expect(files.filter((file) => !parts.includes(file))).toEqual(
      [
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
        'bin/mavi.js',
        'dist/THIRD-PARTY-LICENSES.txt',
        'dist/main.mjs',
        'dist/mavi.1',
        ...SAMPLES.map((name) => `dist/samples/${name}`),
        'package.json',
      ].sort(),
    );
  });

  test('starts where Node has no process.getBuiltinModule, as before 22.3', () => {
    const without = ['--import', 'data:text/javascript,delete process.getBuiltinModule'];
    const printed = execFileSync(process.execPath, [...without, join(ROOT, 'bin/mavi.js'), '--version']);
    expect(printed.toString()).toBe(`${manifest.version}\n`);
  });

  test('installs no other package and runs no install script', () => {
    for (const kind of ['dependencies', 'optionalDependencies', 'peerDependencies', 'bundleDependencies']) {
      expect(manifest).not.toHaveProperty(kind);
    }
    for (const script of ['preinstall', 'install', 'postinstall']) {
      expect(manifest.scripts).not.toHaveProperty(script);
    }
  });

  test('cannot be published by accident', () => {
    expect(manifest.private).toBe(true);
  });

  test('contains no path of the machine that built it', () => {
    expect(files.filter((file) => read(file).includes(ROOT))).toEqual([]);
  });

  test('has code of ASCII alone, since Node keeps any other text with two bytes a character', () => {
    const code = files.filter((file) => file.endsWith('.mjs'));
    expect(code.length).toBeGreaterThan(1);
    expect(code.filter((file) => /[^\0-\x7f]/.test(read(file)))).toEqual([]);
  });

  test('contains the licence of every bundled package', () => {
    const licences = read('dist/THIRD-PARTY-LICENSES.txt');
    for (const name of importedPackages()) {
      const { version, license } = JSON.parse(read(`node_modules/${name}/package.json`));
      expect(licences).toContain(`\n${name} ${version} (${license})\n-`);
    }
    expect(licences).toContain('Permission is hereby granted');
  });
});

test('README.md has the table of exit codes', () => {
  const rows = [...read('README.md').matchAll(/^\| (?<code>\d+) \| (?<meaning>.*?) \|$/gm)];
  expect(rows.length, 'README.md has no rows such as "| 0 | all done |"').toBeGreaterThan(0);
  expect(Object.fromEntries(rows.map(({ groups }) => [groups?.code, groups?.meaning]))).toEqual(EXIT_CODES);
});

/** The packages that src imports, other than for types only. */
function importedPackages(): string[] {
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith('packaging'))
    .map((file) => read(join('src', file)));
  const names = sources
    .flatMap((source) => [
      ...source.matchAll(/^import (?!type).* from '(?<name>[^']+)'|import\('(?<late>[^']+)'\)/gm),
    ])
    .map(({ groups }) => groups?.name ?? (groups?.late as string))
    .filter((name) => !name.startsWith('.') && !isBuiltin(name));
  expect(names).toContain('commander');
  return [...new Set(names)];
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'latin1');
}
