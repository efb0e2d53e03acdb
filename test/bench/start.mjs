/** Bundles a bench program and runs it: `node test/bench/start.mjs peers|speed|fuzz|proof [options]`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../', import.meta.url));
const [program, ...args] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'mavi-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
// Large files are in temporary folders, which are removed when the process exits but not when a signal ends it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));

await build({
  absWorkingDir: root,
  entryPoints: {
    fuzz: 'test/bench/fuzz-isobmff.ts',
    peers: 'test/bench/peers/main.ts',
    proof: 'test/bench/proof.ts',
    speed: 'test/bench/speed/main.ts',
  },
  outdir: folder,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  logLevel: 'warning',
});
const { main } = await import(pathToFileURL(join(folder, `${program}.mjs`)).href);
process.exitCode = await main(args, { root, folder });
