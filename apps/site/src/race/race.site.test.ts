import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSite, type OpenSite } from '../testing/open-site.ts'

let site: OpenSite
beforeAll(async () => {
  site = await openSite()
})
afterAll(() => site.close())

const race = (page: Page): Promise<void> => page.getByRole('button', { name: 'Race' }).click()

/** Waits until all four curves have so many points. */
const curves = (page: Page, points: number): Promise<unknown> =>
  page.waitForFunction(
    least => {
      const means = [...document.querySelectorAll('.race polyline.mean')]
      return (
        means.length === 4 &&
        means.every(mean => (mean.getAttribute('points') ?? '').split(' ').filter(Boolean).length >= least)
      )
    },
    points,
    { timeout: 200_000 }
  )

const planks = (page: Page): Promise<number[]> =>
  page.getByRole('article').evaluateAll(lanes => lanes.map(lane => lane.querySelectorAll('.plank').length))

test('nothing is trained until somebody asks for it', async () => {
  const page = await site.context.newPage()
  await page.goto(site.url)
  await page.getByRole('button', { name: 'Race' }).waitFor()
  expect(page.workers()).toHaveLength(0)
  expect(await planks(page)).toEqual([6, 5, 4, 1])
  await page.close()
})

test('before a race it shows how earlier ones ended, as theirs, and how far gradients run', async () => {
  const page = await site.context.newPage()
  await page.addInitScript(() => {
    const { animate } = Element.prototype
    Element.prototype.animate = function (...call) {
      if (this.classList.contains('glint')) document.documentElement.dataset['pulses'] = 'yes'
      return animate.apply(this, call)
    }
  })
  await page.goto(site.url)
  const before = page.locator('.race figure', { hasText: 'races ended that were run before' })
  expect(await before.innerText()).toMatch(/bench:race.*not on your machine/s)
  expect(await before.locator('.said').allInnerTexts()).toEqual(
    Array<unknown>(4).fill(expect.stringMatching(/^\d\d %$/))
  )
  await page.locator('.lanes').scrollIntoViewIfNeeded()
  await expect.poll(() => page.evaluate(() => document.documentElement.dataset['pulses'])).toBe('yes')
  expect(page.workers()).toHaveLength(0)
  await race(page)
  await before.waitFor({ state: 'detached' })
  await page.close()
})

test('a race draws four curves and what it measures, and Stop frees the worker', async () => {
  const page = await site.context.newPage()
  await page.goto(site.url)
  await race(page)
  await curves(page, 3)
  expect(await page.locator('.race .bars dd .said').allTextContents()).toEqual([
    ...Array<unknown>(4).fill(expect.stringMatching(/^\d+\.\d MB$/)),
    ...Array<unknown>(4).fill(expect.stringMatching(/^[\d.]+ ms$/)),
    ...Array<unknown>(4).fill('–')
  ])
  expect(page.workers().length).toBeGreaterThan(0)
  expect(await page.locator('.race .badge').textContent()).toMatch(/WebGPU|WASM/)
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.getByText('Stopped').waitFor()
  await expect.poll(() => page.workers().length, { timeout: 20_000 }).toBe(0)
  await race(page)
  await curves(page, 1)
  expect(site.complaints).toEqual([])
  await page.close()
})

test('pulses run for steps, and not for readers who want no motion', async () => {
  for (const reducedMotion of ['no-preference', 'reduce'] as const) {
    const page = await site.context.newPage()
    await page.emulateMedia({ reducedMotion })
    await page.addInitScript(() => {
      const { animate } = Element.prototype
      Element.prototype.animate = function (...call) {
        if (this.classList.contains('glint')) document.documentElement.dataset['pulses'] = 'yes'
        return animate.apply(this, call)
      }
    })
    await page.goto(site.url)
    await race(page)
    await curves(page, 2)
    expect(await page.evaluate(() => document.documentElement.dataset['pulses'] ?? 'no')).toBe(
      reducedMotion === 'reduce' ? 'no' : 'yes'
    )
    await page.close()
  }
})
