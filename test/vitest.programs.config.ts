import { defineConfig } from 'vitest/config';
import all from './vitest.all.config.ts';

/** `npm run test:programs`: the tests that need programs installed by `.ci/run`, or may mount file systems. */
export default defineConfig({ test: { ...all.test, include: ['**/*.programs.test.ts'] } });
