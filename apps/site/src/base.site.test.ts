import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSite, type OpenSite } from './testing/open-site.ts'

const folder = mkdtempSync(join(tmpdir(), 'lapstrake-based-'))
let site: OpenSite
beforeAll(async () => {
  const { status, stderr } = spawnSync('npx', ['vitepress', 'build', '.', '--outDir', join(folder, 'planks')], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, LAPSTRAKE_BASE: '/planks/' },
    encoding: 'utf8'
  })
  if (status !== 0) throw new Error(stderr)
  site = await openSite({ folder })
}, 300_000)
afterAll(async () => {
  await site.close()
  rmSync(folder, { recursive: true })
})

test('below a folder of its host the site links, finds and trains', async () => {
  const page = await site.context.newPage()
  const failed: string[] = []
  page.on('response', response => {
    if (response.status() >= 400) failed.push(response.url())
  })
  const strays: string[] = []
  for (const path of ['', 'guide/install', 'recipes/', 'api/core', 'playground', 'benchmarks']) {
    await page.goto(`${site.url}/planks/${path}`)
    await page.waitForFunction(() => '__vue_app__' in document.querySelector('#app')!)
    const links = await page.locator('a[href]').evaluateAll(all => all.map(link => (link as HTMLAnchorElement).href))
    strays.push(...links.filter(link => link.startsWith(site.url) && !link.startsWith(`${site.url}/planks/`)))
  }
  expect(strays).toEqual([])
  await page.goto(`${site.url}/planks/`)
  await page.getByRole('button', { name: 'Race' }).click()
  await page.locator('.race polyline.mean').first().waitFor({ state: 'attached', timeout: 100_000 })
  await page.goto(`${site.url}/planks/recipes/03-loco`)
  await page.locator('.cm-content').waitFor()
  await page.getByLabel('Backend').selectOption('wasm')
  await page.getByLabel('Steps').fill('1')
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.getByText('Done after 1 step.').waitFor({ timeout: 100_000 })
  expect([failed, site.complaints]).toEqual([[], []])
})
