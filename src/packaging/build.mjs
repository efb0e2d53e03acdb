/** Bundles src and its dependencies into dist: what is published installs without a tree of dependencies. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../', import.meta.url));
const dist = join(root, 'dist');
// Made whole beside it first, so that a build that fails leaves the last good one.
const made = mkdtempSync(join(root, 'dist-'));

try {
  await bundle();
  copySamples();
  swap();
} finally {
  rmSync(made, { recursive: true, force: true });
}

async function bundle() {
  await build({
    absWorkingDir: root,
    entryPoints: ['src/main.ts'],
    outdir: relative(root, made),
    bundle: true,
    // Parts that a command does not use are files of their own, loaded when they are needed.
    splitting: true,
    chunkNames: '[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    // Some dependencies are CommonJS and ask for Node's modules by require.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
}

function copySamples() {
  const samples = join(root, 'src/standin/samples');
  mkdirSync(join(made, 'samples'));
  for (const name of readdirSync(samples)) {
    if (name.endsWith('.mp4')) cpSync(join(samples, name), join(made, 'samples', name));
  }
}

function swap() {
  const old = `${made}.old`;
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(made, dist);
  rmSync(old, { recursive: true, force: true });
}
