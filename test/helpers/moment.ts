import { existsSync, readdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';

/** Something that happens once, and that a test waits for. */
export interface Moment {
  readonly happened: Promise<void>;
  /** Says that it has happened; further calls change nothing. */
  readonly now: () => void;
}

/** A moment that has not come yet. */
export function moment(): Moment {
  let now = (): void => {};
  const happened = new Promise<void>((resolve) => {
    now = resolve;
  });
  return { happened, now };
}

/** Resolves with the first name in a folder that fits, as soon as there is one. */
export function appears(folder: string, fits: RegExp): Promise<string> {
  return seen(folder, () => readdirSync(folder).find((each) => fits.test(each)));
}

/** Resolves when a file in a folder has come to contain a text. */
export async function contains(folder: string, name: string, text: string): Promise<void> {
  const path = join(folder, name);
  await seen(folder, () => (existsSync(path) && readFileSync(path).includes(text) ? name : undefined));
}

/** Resolves with what `look` finds, which looks again whenever something changes in the folder. */
function seen(folder: string, look: () => string | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const lookAgain = (): void => {
      const found = look();
      if (found === undefined) return;
      watcher.close();
      resolve(found);
    };
    // Watching begins before looking, so that nothing slips in between.
    const watcher = watch(folder, lookAgain);
    watcher.on('error', reject);
    lookAgain();
  });
}
