import { defineConfig } from 'vitest/config'

// Packages see each other's sources while we work, so nothing must be built to test.
const conditions = ['@lapstrake/source', 'node', 'import', 'module', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['node', 'import', 'default'] } },
  test: {
    include: [
      'packages/**/src/**/*.test.ts',
      'apps/*/src/**/*.test.ts',
      'apps/examples/*.test.ts',
      'docs/**/*.test.ts'
    ],
    exclude: ['**/node_modules/**', '**/dist/**', '**/*.browser.test.ts', '**/*.site.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2
  }
})
