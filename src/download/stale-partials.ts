/** Removes what killed runs left beside a target. */
import { dirname, join } from 'node:path';
import type { FileSystem } from './file-system.ts';
import { isLeftover, type Owner } from './target.ts';

/** Removes the temporary files of dead runs for one target. Never throws. */
export type RemoveStalePartials = (path: string) => Promise<void>;

/**
 * A removeStalePartials that lists each folder once in its life, so that a run of many videos into one folder does not list
 * it for every one of them.
 */
export function stalePartialRemover(
  fileSystem: FileSystem,
  owner: Owner,
  isAlive: (pid: number) => boolean,
): RemoveStalePartials {
  const folders = new Map<string, Promise<readonly string[]>>();
  return async (path) => {
    const folder = dirname(path);
    let names = folders.get(folder);
    if (names === undefined) {
      names = fileSystem.list(folder).then(
        (all) => all.filter((name) => name.endsWith('.part')),
        () => [],
      );
      folders.set(folder, names);
    }
    for (const name of await names) {
      if (isLeftover(name, path, owner, isAlive)) await fileSystem.unlink(join(folder, name)).catch(() => {});
    }
  };
}
