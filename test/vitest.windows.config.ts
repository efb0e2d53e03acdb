import { defineConfig } from 'vitest/config';
import all from './vitest.all.config.ts';

/** `npm run test:windows`: tests the built program on Windows, or under wine with npm's Node for Windows. */
export default defineConfig({
  test: { ...all.test, include: ['**/*.windows.test.ts'], exclude: [], fileParallelism: false },
});
