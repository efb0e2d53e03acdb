/** The package as a user gets it: packed, and installed globally into an empty prefix without a network. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODE } from '../helpers/node.ts';

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A folder that holds the installed package and nothing else of npm's. */
export interface Installed {
  /** All of it; to be removed when the tests are over. */
  readonly folder: string;
  readonly prefix: string;
  /** The launcher that npm has put among the programs. */
  readonly bin: string;
  /** An environment in which `mavi` is that launcher, run by the Node under test. */
  readonly env: Readonly<Record<string, string>>;
}

/** Packs the checkout as it was built, and installs it. */
export function installPackage(): Installed {
  const folder = mkdtempSync(join(tmpdir(), 'mavi-package-'));
  const [prefix, home] = [join(folder, 'prefix'), join(folder, 'home')];
  mkdirSync(home);
  const npm = (...args: string[]): string =>
    execFileSync('npm', args, {
      cwd: ROOT,
      // A home of its own: no settings of the tester's, and an empty cache.
      env: { PATH: process.env.PATH, HOME: home, npm_config_offline: 'true' },
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    });
  // Without scripts, for the build would take dist away from under other tests.
  const [{ filename }] = JSON.parse(npm('pack', '--json', '--ignore-scripts', '--pack-destination', folder));
  npm('install', '--global', '--prefix', prefix, join(folder, filename));
  const PATH = [join(prefix, 'bin'), dirname(NODE), process.env.PATH].join(delimiter);
  return {
    folder,
    prefix,
    bin: join(prefix, 'bin', 'mavi'),
    env: { PATH, HOME: home, LANG: 'C.UTF-8', MAVI_CONFIG_DIR: join(home, 'config') },
  };
}

/** What `npm pack` would put into the package, sorted. */
export function packedFiles(): string[] {
  const json = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'ignore'],
    encoding: 'utf8',
  });
  const [{ files }] = JSON.parse(json) as [{ files: { path: string }[] }];
  return files.map(({ path }) => path).sort();
}
