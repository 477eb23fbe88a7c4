// The lapstrake command from the sources of this repository.
import { fileURLToPath } from 'node:url'

process.argv.splice(2, 0, fileURLToPath(new URL('../packages/cli/src/main.ts', import.meta.url)))
await import('./run-source.mjs')
