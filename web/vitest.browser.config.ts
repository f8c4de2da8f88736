import { defineConfig } from 'vitest/config'

// Chromium against the real gateway, API and processor. Most of a story is waiting for minutes to
// pass: three are told side by side, and two files, each in a world of its own.
export default defineConfig({
  test: {
    include: ['browser/**/*.test.ts'],
    environment: 'node',
    sequence: { concurrent: true },
    maxConcurrency: 3,
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
})
