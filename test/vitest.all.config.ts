import { defineConfig } from 'vitest/config';

/** Every test. */
export default defineConfig({
  test: {
    root: new URL('.', import.meta.url).pathname,
    include: ['**/*.test.ts'],
    exclude: ['bench/**', '**/node_modules/**', '**/*.windows.test.ts'],
    // Each file in a process of its own: nock, once imported, would take over the sockets of all others.
    isolate: true,
    pool: 'forks',
    maxWorkers: 2,
    restoreMocks: true,
    unstubEnvs: true,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
