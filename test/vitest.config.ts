import { mergeConfig } from 'vitest/config';
import all from './vitest.all.config.ts';

/** `npm test`: the tests that need only Node and standard Unix tools. */
export default mergeConfig(all, { test: { exclude: ['**/*.programs.test.ts', '**/*.windows.test.ts'] } });
