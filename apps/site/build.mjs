// Builds the site into dist, a folder that any host can serve: first the API's pages from the doc comments, then all pages.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
for (const [command, ...args] of [
  [process.execPath, '--import', 'tsx', 'src/docs/api.ts'],
  ['npx', 'vitepress', 'build', '.']
]) {
  const { status } = spawnSync(command, args, { cwd: here, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
