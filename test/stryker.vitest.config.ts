import { defineConfig } from 'vitest/config';

/** `npm run mutation`: only the fast tests of the pure core. */
export default defineConfig({
  test: {
    // The machine may be busy; Stryker itself stops mutants that never end.
    testTimeout: 60_000,
    root: new URL('.', import.meta.url).pathname,
    include: [
      'isobmff/*.test.ts',
      'api/{envelope,redirect,pacing,retry,network-errors}.test.ts',
      'download/{body-check,proof,sniff}.test.ts',
      'settings/{values,settings}.test.ts',
    ],
    // Both take seconds, and a mutant that never ends is stopped only after a multiple of that.
    exclude: ['**/*.programs.test.ts', 'isobmff/properties.test.ts'],
  },
});
