import { defineConfig } from 'vitest/config';
import all from './vitest.all.config.ts';

/** What needs programs that `.ci/run` installs (shells, strace, a tmpfs of its own, GNU parallel): `npm run test:programs`. */
export default defineConfig({ test: { ...all.test, include: ['**/*.programs.test.ts'] } });
