/** What bin/mavi.js calls: loads the program with the code that V8 made of it in an earlier run. */
import { readFileSync } from 'node:fs';
import nodeModule from 'node:module';
import { join } from 'node:path';
import type { Require } from './parts.ts';

/** What is asked of the process. */
export type Runtime = Pick<NodeJS.Process, 'arch' | 'env' | 'getuid' | 'once' | 'pid' | 'version'>;

/** What main.cjs exports. */
export interface Program {
  main(): Promise<void>;
}

/** Node 22 and up keep compiled code themselves. */
const { enableCompileCache } = nodeModule as { enableCompileCache?: (folder: string) => unknown };

const MAIN = 'main.cjs';

/**
 * Loads the program from the folder of this file. Code that cannot be kept or read costs time and nothing else, so
 * nothing is said of it.
 */
export async function loadProgram(runtime: Runtime, nodeRequire: Require): Promise<Program> {
  const dist = import.meta.dirname;
  const folder = await codeFolder(runtime.env);
  const load = (): Program => nodeRequire(join(dist, MAIN)) as Program;
  if (folder === null) return load();
  if (enableCompileCache === undefined) {
    const path = join(folder, `${runtime.version}-${runtime.arch}`);
    return (await loadWithKeptCode(dist, path, runtime, nodeRequire)) ?? load();
  }
  enableCompileCache(folder);
  return load();
}

/** The same where Node keeps no code itself; null where what is kept could not be checked. */
async function loadWithKeptCode(
  dist: string,
  path: string,
  runtime: Runtime,
  nodeRequire: Require,
): Promise<Program | null> {
  // Not at the top: these load modules of Node that a newer one needs nothing of.
  const { canCheck, checksumOf, keptCode, readKeptCode, writeKeptCode } = await import('./kept-code.ts');
  const { startParts } = await import('./parts.ts');
  if (!canCheck) return null;
  // The names of the other parts tell their content, and main.cjs names them, so it stands for all.
  const key = `${runtime.version} ${checksumOf(readFileSync(join(dist, MAIN)))}`;
  const kept = keptCode(readKeptCode(path, runtime.getuid?.()), key);
  const parts = startParts(dist, nodeRequire, kept);
  runtime.once('exit', () => {
    if (parts.isNew()) writeKeptCode(path, runtime.pid, key, new Map([...kept, ...parts.code()]));
  });
  return parts.load(MAIN) as Program;
}

/** Where compiled code is kept; null for nowhere. The two variables are Node's own. */
async function codeFolder(env: NodeJS.ProcessEnv): Promise<string | null> {
  // Code that was compiled before is not counted by what measures coverage.
  if (env.NODE_DISABLE_COMPILE_CACHE || env.NODE_V8_COVERAGE) return null;
  if (env.NODE_COMPILE_CACHE) return env.NODE_COMPILE_CACHE;
  try {
    // Not at the top: it throws as soon as it is imported, where the user has no home.
    const { default: envPaths } = await import('env-paths');
    return join(envPaths('mavi', { suffix: '' }).cache, 'compiled');
  } catch {
    return null;
  }
}
