import { defineConfig } from 'vitest/config';
import all from './vitest.all.config.ts';

/** The built program on Windows, or under wine with npm's Node for Windows: `npm run test:windows`. */
export default defineConfig({
  test: { ...all.test, include: ['**/*.windows.test.ts'], exclude: [], fileParallelism: false },
});
