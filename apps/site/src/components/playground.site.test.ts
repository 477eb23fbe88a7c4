import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zipSync } from 'fflate'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openSite, type OpenSite } from '../testing/open-site.ts'

let site: OpenSite
beforeAll(async () => {
  site = await openSite()
})
afterEach(async () => {
  await Promise.all(site.context.pages().map(page => page.close()))
})
afterAll(() => site.close())

/** PNG files of one colour each, made by the browser. */
async function drawn(
  page: Page,
  sizes: readonly (readonly [width: number, height: number])[]
): Promise<readonly Uint8Array[]> {
  const urls = await page.evaluate(
    all =>
      all.map(([width, height], i) => {
        const canvas = Object.assign(document.createElement('canvas'), { width, height })
        const context = canvas.getContext('2d')!
        context.fillStyle = `hsl(${i * 37} 70% 50%)`
        context.fillRect(0, 0, width, height)
        context.clearRect(i % 8, i % 5, 9, 9)
        return canvas.toDataURL('image/png')
      }),
    sizes
  )
  return urls.map(url => Buffer.from(url.split(',')[1]!, 'base64'))
}

test('a zip of good, mixed and broken images trains in the page, gives weights, and nothing leaves', async () => {
  const page = await site.context.newPage()
  const elsewhere: string[] = []
  const sent: string[] = []
  page.on('request', request => {
    if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== site.url)
      elsewhere.push(request.url())
    if (request.method() !== 'GET') sent.push(request.url())
  })
  await page.goto(`${site.url}/playground`)
  const images = await drawn(
    page,
    Array.from({ length: 90 }, (_, i) => (i % 7 === 0 ? [48, 40] : [32, 32]))
  )
  const zip = zipSync({
    ...Object.fromEntries(images.map((image, i) => [`pets/${i % 2 === 0 ? 'cat' : 'dog'}/${i}.png`, image])),
    'pets/cat/broken.png': images[0]!.slice(0, 60),
    'pets/notes.txt': new Uint8Array([65])
  })
  await page
    .getByLabel('Choose a zip or images')
    .setInputFiles({ name: 'pets.zip', mimeType: 'application/zip', buffer: Buffer.from(zip) })
  const own = page.getByRole('region', { name: 'Your images' })
  await own.getByText('Sizes are mixed').waitFor()
  const said = await own.innerText()
  expect(said).toContain('in 2 classes')
  expect(said).toContain('32 × 32 (77), 48 × 40 (13)')
  expect(said).toContain('2 files cannot be used')

  await page.locator('.cm-content').waitFor()
  await page.getByLabel('Backend').selectOption('wasm')
  await page.getByLabel('Steps').fill('3')
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.getByText('Done after 3 steps').waitFor({ timeout: 60_000 })
  await page.getByText('1 file was skipped').waitFor()
  const bars = page.getByRole('list', { name: 'Accuracy of the nearest neighbours at each stage' }).locator('.bar')
  expect(await bars.evaluateAll(all => all.some(bar => bar.clientWidth > 0))).toBe(true)

  const weights = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export weights' }).click()
  const bytes = await readFile(await (await weights).path())
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE(0)))) as Record<
    string,
    { dtype: string }
  >
  expect(Object.values(header).some(({ dtype }) => dtype === 'F32')).toBe(true)

  const recipe = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download recipe' }).click()
  expect((await recipe).suggestedFilename()).toBe('my-03-loco.zip')
  expect([elsewhere, sent, site.complaints]).toEqual([[], [], []])
})

test('sample images are there to try it with', async () => {
  const page = await site.context.newPage()
  await page.goto(`${site.url}/playground`)
  await page.getByRole('button', { name: 'Try it with sample images' }).click()
  await page.getByText('in 8 classes').waitFor({ timeout: 60_000 })
  await expect.poll(() => page.getByRole('region', { name: 'Your images' }).locator('img').count()).toBe(15)
})

test('a folder is dropped by the mouse, with all that lies in it; too few images for a batch are told', async () => {
  const page = await site.context.newPage()
  await page.goto(`${site.url}/playground`)
  const box = (await page.locator('.drop').boundingBox())!
  const folder = mkdtempSync(join(tmpdir(), 'lapstrake-drop-'))
  const images = await drawn(
    page,
    Array.from({ length: 12 }, () => [24, 24])
  )
  for (const [i, image] of images.entries()) {
    const within = join(folder, i % 2 === 0 ? 'cat' : 'dog')
    mkdirSync(within, { recursive: true })
    writeFileSync(join(within, `${i}.png`), image)
  }
  const devtools = await site.context.newCDPSession(page)
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await devtools.send('Input.dispatchDragEvent', {
      type,
      x: box.x + box.width / 2,
      y: box.y + 20,
      data: { items: [], files: [folder], dragOperationsMask: 1 }
    })
    if (type === 'dragOver') await page.locator('.drop.over').waitFor()
  }
  await page.getByText('12 images in 2 classes').waitFor()
  expect(await page.locator('.drop.over').count()).toBe(0)
  await page.locator('.cm-content').waitFor()
  await page.getByLabel('Backend').selectOption('wasm')
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page
    .getByText(/expected at least \d+ images for a batch, got 10 to learn from; 2 more are kept/)
    .waitFor({ timeout: 60_000 })
  rmSync(folder, { recursive: true })
})

test('what is no image is told, and a zip that is cut off', async () => {
  const page = await site.context.newPage()
  await page.goto(`${site.url}/playground`)
  const give = page.getByLabel('Choose a zip or images')
  await give.setInputFiles({
    name: 'cut.zip',
    mimeType: 'application/zip',
    buffer: Buffer.from([0x50, 0x4b, 3, 4, 0, 0])
  })
  await page.getByText('cut off (make it again)').waitFor()
})
