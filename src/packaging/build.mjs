/** Bundles src and its dependencies into dist, so that the published package has no dependencies. */
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { thirdPartyLicences } from './licences.mjs';

const { build } = await import('esbuild').catch(() => {
  console.error('mavi: its build tools are not installed yet; first run: npm ci');
  // npx hides what this says; it then runs bin/mavi.js, which says the same.
  process.exit(process.env.npm_command === 'exec' ? 0 : 1);
});

const root = fileURLToPath(new URL('../../', import.meta.url));
const dist = join(root, 'dist');
// A build that fails leaves the last good one in place.
const made = join(root, `node_modules/.cache/mavi-dist-${process.pid}`);
const old = `${made}.old`;

try {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['src/main.ts', 'src/packaging/man-page.ts'],
    entryNames: '[name]',
    outdir: made,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    // What a command does not use is in files of its own, loaded when they are needed.
    splitting: true,
    chunkNames: '[name]-[hash]',
    alias: {
      'node:process': './src/packaging/process.cjs',
      // Hooks every signal as soon as it is imported and sends it again, which would count as the user's second.
      'when-exit': './src/packaging/on-exit.cjs',
      // Parts of got that are switched off: to load them takes longer than all of mavi.
      'cacheable-lookup': './src/packaging/unused.cjs',
      'cacheable-request': './src/packaging/unused.cjs',
      'http2-wrapper': './src/packaging/unused.cjs',
    },
    // got's library of type checks makes one as it loads, which takes 20 ms, for messages about wrong types in code.
    define: { 'Intl.ListFormat': 'Object' },
    // Dependencies in CommonJS load Node's modules by require. The short way is absent in Node 21 and before 22.3.
    banner: {
      js: "import{createRequire as __require_}from'node:module';const require=process.getBuiltinModule??__require_(import.meta.url);",
    },
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  const manPage = join(made, 'man-page.mjs');
  const { madeManPage } = await import(pathToFileURL(manPage).href);
  writeFileSync(join(made, 'mavi.1'), madeManPage());
  rmSync(manPage);
  writeFileSync(join(made, 'THIRD-PARTY-LICENSES.txt'), thirdPartyLicences(metafile, root));
  copySamples();
  // Out of the way first, so that a program that runs meanwhile misses it for a moment only.
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(made, dist);
} finally {
  for (const folder of [made, old]) rmSync(folder, { recursive: true, force: true });
}

/** The videos that `mavi mock` serves. */
function copySamples() {
  const samples = join(root, 'src/mock/samples');
  mkdirSync(join(made, 'samples'));
  for (const name of readdirSync(samples)) {
    if (name.endsWith('.mp4')) cpSync(join(samples, name), join(made, 'samples', name));
  }
}
