import { defineConfig } from 'vitest/config'

// Chromium against the real gateway, API and processor: one story after the other, on one machine.
export default defineConfig({
  test: {
    include: ['browser/**/*.test.ts'],
    environment: 'node',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
