import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser } from 'playwright-core'
import { createServer } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serve } from '../site/serve.mjs'
import { buildPackages, examples, install } from './install.ts'

const executablePath = '/usr/bin/chromium'
const there = existsSync(executablePath)
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

test('what trains is the same text everywhere', () => {
  const [first, ...others] = examples.map(example =>
    readFileSync(join(import.meta.dirname, example, 'train.js'), 'utf8')
  )
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
    await learns(server.resolvedUrls!.local[0]!, false)
    await server.close()
  }, 300_000)
})

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
