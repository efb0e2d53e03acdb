import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The XDG_CACHE_HOME of the runs of a test file: the first of them compiles the program, those after it take the code
 * that it kept, and the tester's own stays as it is.
 */
export const CACHE_HOME = mkdtempSync(join(tmpdir(), 'mavi-cache-'));
process.on('exit', () => rmSync(CACHE_HOME, { recursive: true, force: true }));
