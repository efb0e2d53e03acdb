import { defineConfig } from 'vitest/config';

/** Every test. */
export default defineConfig({
  test: {
    root: new URL('.', import.meta.url).pathname,
    include: ['**/*.test.ts'],
    exclude: ['bench/**', '**/node_modules/**', '**/*.windows.test.ts'],
    // Each file runs in its own process, because importing nock takes over all sockets of a process.
    isolate: true,
    pool: 'forks',
    maxWorkers: 2,
    restoreMocks: true,
    unstubEnvs: true,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
