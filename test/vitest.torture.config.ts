import { defineConfig } from 'vitest/config';
import all from './vitest.all.config.ts';

/** Every call on a file made to fail, one at a time, in the built program: `npm run torture`. It takes gcc and some minutes. */
export default defineConfig({
  test: { ...all.test, include: ['torture/*.torture.ts'], testTimeout: 3_600_000 },
});
