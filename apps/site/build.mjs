// Builds the site into dist, a folder that any host can serve. With --download it fetches Fashion-MNIST where it is not at hand.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const data = spawnSync(process.execPath, ['../../scripts/run-source.mjs', 'make-data.mjs', ...process.argv.slice(2)], { cwd: here, stdio: 'inherit' })
if (data.status !== 0) process.exit(data.status ?? 1)
const { status } = spawnSync('npx', ['vitepress', 'build', '.'], { cwd: here, stdio: 'inherit' })
process.exit(status ?? 1)
