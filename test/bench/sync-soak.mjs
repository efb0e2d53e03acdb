/** Bundles the `mavi sync` soak test and runs it: `node test/bench/sync-soak.mjs [--videos n] [--kills n] [--seed n] [--in folder]`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mavi-soak-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));

await build({
  absWorkingDir: root,
  entryPoints: ['test/bench/sync-soak.ts'],
  outfile: join(folder, 'soak.mjs'),
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  logLevel: 'warning',
});
const { soak } = await import(pathToFileURL(join(folder, 'soak.mjs')).href);
process.exitCode = await soak(process.argv.slice(2), root);
