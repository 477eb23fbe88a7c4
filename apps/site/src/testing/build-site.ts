import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const site = new URL('../../', import.meta.url)

/** Builds the site for its tests where it is not built yet. */
export default function buildSite(): void {
  if (existsSync(new URL('dist/index.html', site))) return
  const { status } = spawnSync(process.execPath, ['build.mjs'], { cwd: site, stdio: 'inherit' })
  if (status !== 0) throw new Error('site: expected the site to build, but it did not; see above.')
}
