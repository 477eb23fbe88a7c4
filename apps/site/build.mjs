// Builds the site into dist, a folder that any host can serve.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
spawnSync(process.execPath, [fileURLToPath(new URL('../../scripts/run-source.mjs', import.meta.url)), 'make-data.mjs'], { cwd: here, stdio: 'inherit' })
const { status } = spawnSync('npx', ['vitepress', 'build', '.'], { cwd: here, stdio: 'inherit' })
process.exit(status ?? 1)
