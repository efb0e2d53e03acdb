import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Where a bench program runs. */
export interface Place {
  /** The checkout. */
  readonly root: string;
  /** The bundles, and small files of the run. */
  readonly folder: string;
}

/** A folder that is removed when this process exits. */
export function scratchFolder(parent: string): string {
  const folder = mkdtempSync(join(parent, 'mavi-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Copies the built program, so that a build during a run changes nothing; returns the path of the copy's
 * launcher.
 */
export function builtProgram({ root, folder }: Place): string {
  const copy = join(folder, 'program');
  for (const part of ['package.json', 'bin', 'dist'])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  return join(copy, 'bin/mavi.js');
}
