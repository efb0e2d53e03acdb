import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { thirdPartyLicences } from '../../src/packaging/licences.mjs';
import { tempDir } from '../helpers/temp-dir.ts';

/** A checkout with these files. */
function checkout(files: Record<string, string>): string {
  const root = tempDir();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

/** The bundler's metafile for these files, by the bytes of each in the bundle. */
function bundleOf(inputs: Record<string, number>): Parameters<typeof thirdPartyLicences>[0] {
  const entries = Object.entries(inputs).map(([file, bytesInOutput]) => [file, { bytesInOutput }]);
  return { outputs: { 'dist/main.mjs': { inputs: Object.fromEntries(entries) } } } as never;
}

const left = (version: string): string => JSON.stringify({ name: 'left', version, license: 'MIT' });

test('each bundled package is listed once per version, with its licence', () => {
  const root = checkout({
    'node_modules/left/package.json': left('1.0.0'),
    'node_modules/left/LICENSE': 'the licence of left\r\n',
    'node_modules/left/lib/package.json': '{"type":"module"}',
    'node_modules/@a/b/package.json': JSON.stringify({ name: '@a/b', version: '2.0.0', license: 'ISC' }),
    'node_modules/@a/b/license.md': 'the licence of b',
    'node_modules/@a/b/node_modules/left/package.json': left('1.0.0'),
    'node_modules/@a/b/node_modules/left/LICENSE': 'the licence of left\n',
  });
  const bundle = bundleOf({
    'src/main.ts': 5,
    'node_modules/left/lib/index.js': 10,
    'node_modules/@a/b/index.js': 20,
    'node_modules/@a/b/node_modules/left/index.js': 10,
  });
  expect(thirdPartyLicences(bundle, root)).toBe(`mavi contains these packages, each under its own licence.

@a/b 2.0.0 (ISC)
----------------

the licence of b


left 1.0.0 (MIT)
----------------

the licence of left
`);
});

test('a package without any bytes in the bundle is not listed', () => {
  const root = checkout({ 'node_modules/left/package.json': left('1.0.0') });
  expect(thirdPartyLicences(bundleOf({ 'node_modules/left/index.js': 0 }), root)).not.toContain('left');
});

test('a bundled package without a licence text is an error that names it', () => {
  const root = checkout({ 'node_modules/left/package.json': left('1.0.0') });
  expect(() => thirdPartyLicences(bundleOf({ 'node_modules/left/index.js': 10 }), root)).toThrow(
    'left 1.0.0 is bundled, but has no licence text',
  );
});
