import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { convNet } from '@lapstrake/backbone-resnet'
import '@tensorflow/tfjs-backend-cpu'
import { dispose, networkOf, seeded } from '@lapstrake/core'
import { serialiseEncoder } from '@lapstrake/encoder'
import { chromium, type Browser } from 'playwright-core'
import sharp from 'sharp'
import { createServer } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serve } from '../site/serve.mjs'
import { buildPackages, examples, install } from './install.ts'

const executablePath = '/usr/bin/chromium'
const there = existsSync(executablePath)
const read = (example: string, file: string): string => readFileSync(join(import.meta.dirname, example, file), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'lapstrake-examples-'))
let browser: Browser

beforeAll(async () => {
  if (!there) return
  buildPackages()
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
})
afterAll(async () => {
  await browser?.close()
  rmSync(folder, { recursive: true, force: true })
})

test('what encodes is the same text everywhere', () => {
  const [first, second] = ['plain', 'vite'].map(example => read(example, 'encode.js'))
  expect(second).toBe(first)
})

test('what trains is the same text everywhere', () => {
  const [first, ...others] = examples.map(example => read(example, 'train.js'))
  others.forEach(other => expect(other).toBe(first))
})

describe.skipIf(!there)(`in a page${there ? '' : `, skipped for there is no ${executablePath}`}`, () => {
  test.each(examples)(
    '%s: losses fall, with threads where pages are isolated',
    async example => {
      const served = install(example, join(folder, example))
      for (const isolated of [false, true]) {
        const { url, close } = await serve({ folder: served, isolated })
        await learns(url, isolated)
        await close()
      }
    },
    300_000
  )

  test('vite: also from its development server', async () => {
    install('vite', join(folder, 'development'))
    const server = await createServer({ root: join(folder, 'development'), configFile: false, logLevel: 'error' })
    await server.listen()
    const address = server.resolvedUrls!.local[0]!
    await learns(address, false)
    writeFileSync(join(folder, 'development/network.safetensors'), await network())
    await encodes(new URL('encode.html', address).href)
    await server.close()
  }, 300_000)

  test('plain: an encoder opens, and makes features of the files that are chosen', async () => {
    const served = install('plain', join(folder, 'encoder'))
    writeFileSync(join(served, 'network.safetensors'), await network())
    const { url, close } = await serve({ folder: served, isolated: false })
    await encodes(new URL('encode.html', url).href)
    await close()
  }, 300_000)
})

/** What `lapstrake export` would write, of a network that has learned nothing. */
async function network(): Promise<Uint8Array> {
  const untrained = networkOf(convNet({ widths: [4, 6], strides: [2, 2], layers: 1 }), [16, 16, 3])
  const weights = untrained.init(seeded(1))
  const file = await serialiseEncoder(untrained, weights, { name: 'mine' })
  dispose(weights)
  return file
}

async function encodes(address: string): Promise<void> {
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('pageerror', error => {
    complaints.push(error.message)
  })
  await page.goto(address)
  await page.waitForFunction(() => document.querySelector('pre')?.textContent?.includes('is ready'), undefined, {
    timeout: 60_000
  })
  const image = sharp({ create: { width: 30, height: 20, channels: 3, background: '#0f0' } }).png()
  const file = { mimeType: 'image/png', buffer: await image.toBuffer() }
  await page.setInputFiles('input', [
    { name: 'a.png', ...file },
    { name: 'b.png', ...file }
  ])
  await page.waitForFunction(() => document.querySelector('pre')?.textContent?.includes('images'))
  const said = (await page.textContent('pre'))!
  await page.close()
  expect(complaints).toEqual([])
  expect(said).toMatch(/^mine is ready\.\n2 images, 6 features each, the first -?[\d.e-]+\n$/)
}

async function learns(address: string, isolated: boolean): Promise<void> {
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', error => {
    complaints.push(error.message)
  })
  await page.goto(address)
  await page
    .waitForFunction(() => document.querySelector('pre')?.textContent?.endsWith('Done.\n'), undefined, {
      timeout: 60_000
    })
    .catch(() => {})
  const [sentence, ...lines] = (await page.textContent('pre'))!.split('\n')
  const processors = await page.evaluate(() => navigator.hardwareConcurrency)
  await page.close()
  expect(complaints).toEqual([])
  const threads = isolated && processors > 1 ? `${Math.min(8, processors)} threads` : 'one thread'
  expect(sentence).toBe(
    `WebAssembly, ${threads}, fused ` +
      `multiply-add${isolated ? '' : ' (the page is not isolated from other origins: it can have no more)'}`
  )
  for (const unit of ['unit0', 'unit1']) {
    const losses = lines.flatMap(line => new RegExp(`${unit} ([\\d.]+)`).exec(line)?.[1] ?? []).map(Number)
    expect(losses).toHaveLength(40)
    const mean = (values: number[]): number => values.reduce((sum, value) => sum + value) / values.length
    expect(mean(losses.slice(-8))).toBeLessThan(mean(losses.slice(0, 8)) - 0.3)
  }
}
