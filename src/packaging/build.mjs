/**
 * Bundles src and its dependencies into dist: what is published installs without a tree of dependencies. The bundle is
 * CommonJS, which Node has ready before its loader of ES modules: `mavi --version` takes a third less.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, transform } from 'esbuild';
import { thirdPartyLicences } from './third-party.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const dist = join(root, 'dist');
// Made whole elsewhere first, so that a build that fails leaves the last good one.
const made = join(root, `node_modules/.cache/mavi-dist-${process.pid}`);
mkdirSync(made, { recursive: true });

/**
 * What nothing here asks for, by what is imported of it: got's HTTP/2, caches, forms and decoding, and commander's
 * commands that are programs of their own.
 */
const UNUSED = {
  'node:child_process': 'export default {};',
  'http2-wrapper': 'export default {};',
  'cacheable-request':
    'export default class {} export class CacheError extends Error {} export class RequestError extends Error {}',
  'cacheable-lookup': 'export default class {}',
  'decompress-response': 'export default (response) => response;',
  'form-data-encoder': 'export class FormDataEncoder {} export const isFormData = () => false;',
};

const COMMON = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  plugins: [
    { name: 'version', setup: takeVersionOnly },
    { name: 'process', setup: takeProcessAsItIs },
    { name: 'unused', setup: leaveOutUnused },
  ],
  // Both hook every signal as soon as they are imported and send it again, which would count as the user's second.
  alias: { 'when-exit': './src/packaging/on-exit.cjs', 'signal-exit': './src/packaging/on-exit.cjs' },
  define: {
    'import.meta.dirname': '__dirname',
    'Intl.ListFormat': 'LazyListFormat',
    'Intl.Segmenter': 'LazySegmenter',
  },
  inject: ['src/packaging/lazy-intl.js'],
  logLevel: 'warning',
};

/** What the published parts have in common. */
const SMALL = {
  minifySyntax: true,
  minifyWhitespace: true,
  // Each licence is in the file of its own.
  legalComments: 'none',
  metafile: true,
};

try {
  const metafile = await bundle();
  writeFileSync(join(made, 'THIRD-PARTY-LICENSES.txt'), thirdPartyLicences(metafile, root));
  writeFileSync(join(made, 'mavi.1'), await manPage());
  copySamples();
  swap();
} finally {
  rmSync(made, { recursive: true, force: true });
}

async function bundle() {
  const launcher = await build({
    ...COMMON,
    ...SMALL,
    entryPoints: ['src/launch/launch.ts'],
    outfile: join(made, 'launch.cjs'),
    format: 'cjs',
  });
  const modules = await build({
    ...COMMON,
    ...SMALL,
    entryPoints: ['src/main.ts'],
    outdir: relative(root, made),
    outExtension: { '.js': '.cjs' },
    // Parts that a command does not use are files of their own, loaded when they are needed.
    splitting: true,
    chunkNames: '[name]-[hash]',
    // The only format that esbuild splits.
    format: 'esm',
    write: false,
  });
  for (const { path, text } of modules.outputFiles) {
    const { code } = await transform(text, {
      format: 'cjs',
      platform: 'node',
      target: COMMON.target,
      // A part that is loaded later is CommonJS too.
      supported: { 'dynamic-import': false },
      minifySyntax: true,
      minifyWhitespace: true,
    });
    writeFileSync(path, code);
  }
  return { outputs: { ...launcher.metafile.outputs, ...modules.metafile.outputs } };
}

/** The page is made by the commands themselves, so they are bundled for once to be asked. */
async function manPage() {
  const outfile = join(made, 'man-page.cjs');
  await build({ ...COMMON, entryPoints: ['src/packaging/made-man-page.ts'], format: 'cjs', outfile });
  const { madeManPage } = await import(pathToFileURL(outfile).href);
  rmSync(outfile);
  return madeManPage();
}

/** Of package.json the program wants the version; the rest would only tell how it was made. */
function takeVersionOnly({ onLoad }) {
  onLoad({ filter: /[\\/]package\.json$/ }, ({ path }) => {
    if (path !== join(root, 'package.json')) return undefined;
    const { version } = JSON.parse(readFileSync(path, 'utf8'));
    return { contents: JSON.stringify({ version }), loader: 'json' };
  });
}

/**
 * Node reads every property of a built-in module that is imported, and those of node:process open standard input and
 * output, which makes a pipe there non-blocking. The global is the same object, without that.
 */
function takeProcessAsItIs({ onResolve, onLoad }) {
  onResolve({ filter: /^node:process$/ }, () => ({ path: 'process', namespace: 'global' }));
  onLoad({ filter: /./, namespace: 'global' }, () => ({ contents: 'module.exports = process;' }));
}

function leaveOutUnused({ onResolve, onLoad }) {
  const filter = new RegExp(`^(${Object.keys(UNUSED).join('|')})$`);
  onResolve({ filter }, ({ path }) => ({ path, namespace: 'unused' }));
  onLoad({ filter: /./, namespace: 'unused' }, ({ path }) => ({ contents: UNUSED[path] }));
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
