import { mergeConfig } from 'vitest/config';
import all from './vitest.all.config.ts';

/** What needs nothing but Node and the tools that every Unix has: `npm test`. */
export default mergeConfig(all, { test: { exclude: ['**/*.programs.test.ts', '**/*.windows.test.ts'] } });
