import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder of the test's own, gone when it is over. */
export function tempDir(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mavi-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** All names in a folder but the config folder of the fake host, sorted. */
export function namesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name !== '.config-mavi')
    .sort();
}
