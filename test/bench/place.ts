import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Where a bench program runs. */
export interface Place {
  /** The checkout. */
  readonly root: string;
  /** The bundles, and small files of the run. */
  readonly folder: string;
}

/** A folder that goes when this process exits. */
export function scratchFolder(parent: string): string {
  const folder = mkdtempSync(join(parent, 'mavi-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
