import { defineConfig } from 'vitest/config';

/** `npm run mutation`: only the fast tests of the pure core, which have to find its mutants. */
export default defineConfig({
  test: {
    // The machine may be busy; Stryker itself stops mutants that never end.
    testTimeout: 60_000,
    root: new URL('.', import.meta.url).pathname,
    include: [
      'isobmff/*.test.ts',
      'api/{envelope,redirect,pacing,retry,network-errors}.test.ts',
      'download/{body-check,sniff}.test.ts',
      'settings/{values,settings}.test.ts',
    ],
  },
});
