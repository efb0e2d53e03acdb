import { defineConfig } from 'vitest/config';
import all from './vitest.all.config.ts';

/** `npm run torture`: makes every file system call of the built program fail, one at a time. Needs gcc. */
export default defineConfig({
  test: { ...all.test, include: ['torture/*.torture.ts'], testTimeout: 3_600_000 },
});
