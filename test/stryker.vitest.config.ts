import { defineConfig } from 'vitest/config';

/** The tests of the pure core alone: a mutant there is theirs to find, and they take seconds. */
export default defineConfig({
  test: {
    root: new URL('.', import.meta.url).pathname,
    include: [
      'isobmff/*.test.ts',
      'api/{envelope,redirect,pacing,retry,wire-error}.test.ts',
      'download/{check,range,throttle,budget}.test.ts',
      'settings/{values,settings}.test.ts',
    ],
  },
});
