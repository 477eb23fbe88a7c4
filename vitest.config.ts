import { defineConfig } from 'vitest/config'

// What fetches, or packs and installs as npm does, takes minutes: LAPSTRAKE_PACKED=1 npx vitest run apps/examples
const slow = ['apps/examples/{installed,release}.test.ts', 'docs/recipes/runtimes.test.ts']
const packed = process.env.LAPSTRAKE_PACKED === undefined ? slow : []

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
    exclude: ['**/node_modules/**', '**/dist/**', '**/*.browser.test.ts', '**/*.site.test.ts', ...packed],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2
  }
})
