import { defineConfig } from 'vitest/config';

/** The tests of the pure core alone: a mutant there is theirs to find, and they take seconds. */
export default defineConfig({
  test: {
    // A machine may be busy while the mutants run; a mutant that never ends is for Stryker to time.
    testTimeout: 60_000,
    root: new URL('.', import.meta.url).pathname,
    include: [
      'isobmff/*.test.ts',
      'api/{envelope,redirect,pacing,retry,wire-error}.test.ts',
      'download/{body-check,sniff}.test.ts',
      'settings/{values,settings}.test.ts',
    ],
  },
});
