import type { Page } from 'playwright-core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSite, type OpenSite } from './testing/open-site.ts'

let site: OpenSite
let page: Page
let loads: number
beforeEach(async () => {
  site = await openSite({ isolated: false, workers: true })
  page = await site.context.newPage()
  loads = 0
  page.on('load', () => loads++)
})
afterEach(() => site.close())

const isolated = (): Promise<boolean> => page.evaluate(() => crossOriginIsolated)
/** Asking a page anything counts as a reader who has begun, so its loads are counted from outside. */
const loaded = (times: number): Promise<void> => expect.poll(() => loads, { timeout: 30_000 }).toBe(times)
const workers = (): Promise<number> =>
  page.evaluate(() => navigator.serviceWorker.getRegistrations().then(({ length }) => length))

test('a host without headers gives threads after one more load, and to the next page at once', async () => {
  await page.goto(site.url)
  await loaded(2)
  await page.waitForTimeout(1500)
  expect([loads, await isolated()]).toEqual([2, true])
  await page.goto(`${site.url}/recipes/03-loco`)
  expect(await isolated()).toBe(true)
  await page.locator('.cm-content').waitFor()
  await page.getByLabel('Backend').selectOption('wasm')
  await page.getByLabel('Steps').fill('1')
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.getByText('Done after 1 step.').waitFor({ timeout: 100_000 })
  expect(await page.locator('.panel .badge').first().innerText()).toMatch(/\d threads/)
  await page.waitForTimeout(1000)
  expect([loads, site.complaints]).toEqual([3, []])
})

test('a worker that brings no threads is left alone: the page is loaded again once and no more', async () => {
  await site.context.route('**/threads.js', route =>
    route.fulfill({ contentType: 'text/javascript', body: "addEventListener('activate', () => clients.claim())" })
  )
  await page.goto(site.url)
  await page.waitForTimeout(4000)
  expect(await isolated()).toBe(false)
  expect(loads).toBeLessThanOrEqual(2)
})

test('?threads=off turns it off until ?threads=on', async () => {
  await page.goto(site.url)
  await loaded(2)
  expect(await isolated()).toBe(true)
  await page.goto(`${site.url}/?threads=off`)
  await expect.poll(workers).toBe(0)
  await page.goto(`${site.url}/playground`)
  await page.waitForTimeout(1500)
  expect([await isolated(), await workers()]).toEqual([false, 0])
  await page.goto(`${site.url}/?threads=on`)
  await loaded(6)
  expect(await isolated()).toBe(true)
})

test('a reader who has begun is not interrupted', async () => {
  // The worker comes late.
  await site.context.route('**/threads.js', async route => {
    await new Promise(resolve => setTimeout(resolve, 3000))
    await route.continue()
  })
  await page.goto(`${site.url}/recipes/03-loco`)
  await page.locator('.cm-content').click()
  await page.keyboard.type('// mine')
  await expect.poll(workers, { timeout: 20_000 }).toBe(1)
  await page.waitForTimeout(1500)
  expect(loads).toBe(1)
  expect(await page.locator('.cm-content').innerText()).toContain('// mine')
})
