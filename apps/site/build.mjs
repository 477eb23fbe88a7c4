// Builds the site into dist, a folder that any host can serve: its data, the API's pages from the doc comments, then
// all pages. With --download it fetches Fashion-MNIST where it is not at hand.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
for (const [command, ...args] of [
  [process.execPath, '../../scripts/run-source.mjs', 'make-data.mjs', ...process.argv.slice(2)],
  [process.execPath, '--import', 'tsx', 'src/docs/api.ts'],
  ['npx', 'vitepress', 'build', '.']
]) {
  const { status } = spawnSync(command, args, { cwd: here, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
