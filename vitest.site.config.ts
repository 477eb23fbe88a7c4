import { defineConfig } from 'vitest/config'

// Files named *.site.test.ts drive the built site in Debian's Chromium, one after another: each wants the machine for
// itself.
export default defineConfig({
  resolve: { conditions: ['@lapstrake/source', 'node', 'import', 'module', 'default'] },
  ssr: {
    resolve: {
      conditions: ['@lapstrake/source', 'node', 'import', 'module', 'default'],
      externalConditions: ['node', 'import', 'default']
    }
  },
  test: {
    include: ['apps/site/src/**/*.site.test.ts'],
    globalSetup: 'apps/site/src/testing/build-site.ts',
    testTimeout: 300_000,
    // Real browsers beside whatever else the machine does: what fails twice is broken.
    retry: 1,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 1
  }
})
