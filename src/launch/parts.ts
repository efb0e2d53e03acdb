/** Loads the parts of the bundle, and has V8 take the code of an earlier run instead of compiling them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';

/** CommonJS's `require`. */
export type Require = (id: string) => unknown;

/** The parts of the bundle that this run has loaded. */
export interface Parts {
  /** What a part exports; it is run when it is first asked for. */
  load(name: string): unknown;
  /** Whether a part had to be compiled, so that there is code to keep. */
  isNew(): boolean;
  /** V8's code of each loaded part, with all functions that have run by now. */
  code(): Map<string, Buffer>;
}

type Wrapped = (
  exports: unknown,
  require: Require,
  module: { exports: unknown },
  filename: string,
  dirname: string,
) => void;

/** Node's own wrapper of a CommonJS module. */
const HEAD = '(function (exports, require, module, __filename, __dirname) { ';
const TAIL = '\n});';

/**
 * Starts with nothing loaded. A part asks for another as `./name`, and for Node's modules by `nodeRequire`. Code that
 * is of another V8 or of another text of the same length is not told by this: V8 rejects the first, the caller must
 * not offer the second.
 */
export function startParts(
  folder: string,
  nodeRequire: Require,
  kept: { get(name: string): Buffer | undefined },
): Parts {
  const loaded = new Map<string, { readonly script: Script; readonly module: { exports: unknown } }>();
  let isNew = false;

  const load = (name: string): unknown => {
    const known = loaded.get(name);
    if (known !== undefined) return known.module.exports;
    const filename = join(folder, name);
    const script = new Script(`${HEAD}${readFileSync(filename, 'utf8')}${TAIL}`, {
      filename,
      columnOffset: -HEAD.length,
      cachedData: kept.get(name),
    });
    if (script.cachedDataRejected !== false) isNew = true;
    const module = { exports: {} as unknown };
    loaded.set(name, { script, module });
    const run = script.runInThisContext() as Wrapped;
    run.call(module.exports, module.exports, requireAny, module, filename, folder);
    return module.exports;
  };
  const requireAny: Require = (id) => (id.startsWith('./') ? load(id.slice(2)) : nodeRequire(id));

  return {
    load,
    isNew: () => isNew,
    code: () => new Map([...loaded].map(([name, { script }]) => [name, script.createCachedData()])),
  };
}
