import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { spawn } from 'node:child_process'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { thisProcess, readRun } from '@lapstrake/runs/node'
import { crc32c, sealJson } from 'lapstrake/node'
import { command, lapstrake, root } from '../testing/lapstrake.ts'
import { linesOf, writeRun } from '../testing/write-run.ts'
import { watchView } from '../terminal/watch-view.ts'

let folder: string
const map = {
  'tensorboard/tensors.tsv': '1\t2\t3\n3\t2\t1\n0\t1\t0\n5\t5\t6\n',
  'tensorboard/metadata.tsv': 'cat\ndog\ncat\n<img src=http://example.com/x.png>\n'
}
const mapped = Object.fromEntries(Object.entries(map).map(([file, text]) => [file, crc32c(text)]))
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-records-'))
  const falling = (from: number): number[] => Array.from({ length: 500 }, (_, i) => from - i / 500)
  for (const seed of [0, 1, 2]) {
    writeRun(
      join(folder, `greedy-${seed}`),
      { name: 'greedy', seed, losses: falling(3 + 0.1 * seed) },
      seed === 0 ? { checksums: mapped } : {}
    )
    writeRun(join(folder, `loco <b>-${seed}`), { name: 'loco <b>', seed, losses: falling(2 + 0.11 * seed) })
  }
  writeRun(join(folder, 'stopped-0'), { name: 'stopped', seed: 0, losses: [3, 2], planned: 9 })
  appendFileSync(join(folder, 'stopped-0/run.jsonl'), '{"step":3,"losses":{"unit0":')
  mkdirSync(join(folder, 'greedy-0/tensorboard'))
  for (const [file, text] of Object.entries(map)) writeFileSync(join(folder, 'greedy-0', file), text)
  const of = {
    'weights.safetensors': {
      test: 9,
      part: false,
      weights: '0123abcd',
      rows: [{ name: 'greedy, a', linear: 0.61, neighbours: 0.5 }]
    }
  }
  writeFileSync(join(folder, 'greedy-0/evaluation.json'), sealJson({ format: 2, of }))
  writeFileSync(join(folder, 'greedy-0/weights.safetensors'), '{"__metadata__":{"crc32c":"0123abcd"}}')
})
afterAll(() => rm(folder, { recursive: true }))

describe('compare', () => {
  test('prints what a recipe learned, with deviations over seeds, and what differs', () => {
    const { stdout, stderr } = lapstrake('compare', folder)
    expect(stderr).toBe('')
    // The last tenth of the steps, 450 to 499, is 0.949 below where it begins.
    const rows = [
      ['recipe', 'greedy'],
      ['seeds', '0 1 2'],
      ['steps', '500'],
      ['linear readout', '61.0 %'],
      ['readout by neighbours', '50.0 %'],
      ['neighbours', '60.0 ± 0.0 %'],
      ['top-1', '50.0 ± 0.0 %'],
      ['effective rank', '6.0 ± 0.0'],
      ['loss, mean of units', '2.151 ± 0.100'],
      ['loss, top unit', '2.151 ± 0.100'],
      ['time per step', '8.0 ± 0.0 ms'],
      ['peak of a step', '2.0 ± 0.0 MB']
    ]
    for (const [name, value] of rows)
      expect(stdout.split('\n').find(line => line.startsWith(name!))).toMatch(
        new RegExp(`^${name} +${value!.replaceAll('.', '\\.')}(?: |$)`)
      )
    expect(
      Math.max(
        ...stdout
          .split('\n\n')[0]!
          .split('\n')
          .map(line => line.length)
      )
    ).toBeLessThan(100)
    expect(stdout).toMatch(/^loco <b> +greedy +loss, mean of units +−0\.990 +< 0\.001 +paired$/m)
    expect(stdout).toContain(
      `${join(folder, 'stopped-0')}: the last line of run.jsonl is cut short, as by a crash, and left out.`
    )
    expect(stdout).toContain(`${join(folder, 'stopped-0')}: not finished, at step 2 of 9.`)
  })

  test('prints JSON', () => {
    const { groups, differences } = JSON.parse(
      lapstrake('compare', join(folder, 'greedy-0'), join(folder, 'greedy-1'), join(folder, 'loco <b>-2'), '--json')
        .stdout
    ) as {
      groups: { name: string; runs: { seed: number }[]; figures: Record<string, { mean: number; count: number }> }[]
      differences: { difference: number }[]
    }
    expect(groups.map(({ name, runs }) => [name, runs.map(({ seed }) => seed)])).toEqual([
      ['greedy', [0, 1]],
      ['loco <b>', [2]]
    ])
    expect(groups[0]!.figures['loss, top unit']!.count).toBe(2)
    expect(differences[0]!.difference).toBeCloseTo(-0.83, 6)
  })

  test('says where no run is', () => {
    expect(lapstrake('compare', join(folder, 'nowhere')).stderr).toContain(
      `expected a run in ${join(folder, 'nowhere')}, but it has no manifest.json`
    )
  })

  test('says of one seed twice that nothing follows from it', () => {
    writeRun(join(folder, 'again/greedy'), { name: 'greedy', seed: 0, losses: [1] })
    expect(lapstrake('compare', join(folder, 'greedy-0'), join(folder, 'again'), '--json').stdout).toContain(
      'greedy: a seed is there twice, so nothing is said of significance.'
    )
  })
})

const executablePath = '/usr/bin/chromium'
describe('report', () => {
  test('is one page that names no other place', () => {
    const { stderr, status } = lapstrake('report', folder, '--out', join(folder, 'report.html'))
    expect(status, stderr).toBe(0)
    expect(stderr).toContain(`Saved ${join(folder, 'report.html')}: 7 runs.`)
    const page = readFileSync(join(folder, 'report.html'), 'utf8')
    expect(page).not.toMatch(/<script|<img|<iframe|@import|url\((?!#)/)
    expect([...page.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, address]) => address)).toEqual(['data:,'])
  })

  test.skipIf(!existsSync(executablePath))(
    `opens in Chromium, light and dark, wide and on a phone, and asks nobody for anything (needs ${executablePath})`,
    async () => {
      const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
      try {
        for (const [width, colorScheme] of [
          [1280, 'light'],
          [375, 'dark']
        ] as const) {
          const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme })
          const [requests, complaints]: [string[], string[]] = [[], []]
          context.on('request', request => {
            requests.push(request.url())
          })
          context.on('console', message => {
            complaints.push(message.text())
          })
          context.on('weberror', error => {
            complaints.push(error.error().message)
          })
          const page = await context.newPage()
          const { href } = pathToFileURL(join(folder, 'report.html'))
          await page.goto(href, { waitUntil: 'networkidle' })
          expect(requests).toEqual([href])
          expect(complaints).toEqual([])
          expect(await page.locator('h1').textContent()).toBe('greedy, loco <b>, stopped')
          expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
          expect(await page.getByRole('cell', { name: '2.151 ± 0.100' }).count()).toBe(2)
          expect(await page.locator('.note').first().textContent()).toContain('is cut short')
          // A line for each of the seven runs, no more than 200 points long.
          const paths = await page
            .locator('h3:has-text("unit0") + svg')
            .first()
            .locator('g[aria-label="line"] path')
            .evaluateAll(paths => paths.map(path => path.getAttribute('d')!.split('L').length))
          expect(paths).toHaveLength(7)
          expect(Math.max(...paths)).toBeLessThanOrEqual(200)
          expect(await page.locator('svg.lapstrake-spans').count()).toBe(3)
          expect(await page.locator('g[aria-label="dot"] circle').count()).toBe(4)
          expect(await page.locator('body').evaluate(body => getComputedStyle(body).backgroundColor)).toBe(
            colorScheme === 'dark' ? 'rgb(18, 18, 18)' : 'rgb(255, 255, 255)'
          )
          await context.close()
        }
      } finally {
        await browser.close()
      }
    }
  )
})

describe('watch', () => {
  test('says where a finished run ended, and how an interrupted one goes on', () => {
    expect(lapstrake('watch', join(folder, 'greedy-0')).stdout).toMatch(
      /^━{20} 500\/500 {2}epoch 1 {2}finished {2}100 steps\/s {2}peak of a step 2\.0 MB {2}loss of unit0 2\.05\n$/
    )
    writeFileSync(join(folder, 'stopped-0/state.safetensors'), '')
    const { stdout, stderr } = lapstrake('watch', join(folder, 'stopped-0'))
    expect(stdout).toContain(
      '2/9  epoch 1  ended early, nobody trains it  100 steps/s  peak of a step 2.0 MB  loss of unit0 2.00'
    )
    expect(stderr).toBe(`Go on with: npx lapstrake train --resume ${join(folder, 'stopped-0')}\n`)
  })

  test('shows curves and the last look', async () => {
    const { manifest, steps } = await readRun(join(folder, 'greedy-0'))
    const view = watchView({ manifest, steps, isHeld: true })
    expect(view).toMatch(/^unit0 +2\.051 +2\.014 +█+▇+.*▁+$/m)
    expect(view).toMatch(/^unit0 +2\.051 +0\.900 +0\.100 +50\.0 %/m)
    expect(view).toMatch(/^a < b +2\.00 +0\.20 % +60\.0 %/m)
  })

  test('follows a run that grows, and ends with it', async () => {
    const run = { name: 'growing', seed: 0, losses: [5, 4, 3, 2], planned: 4 }
    const path = join(folder, 'growing')
    writeRun(path, { ...run, losses: [5] })
    const lock = join(path, 'lock.json')
    writeFileSync(lock, JSON.stringify({ ...thisProcess(), token: 'x', since: '' }))
    const [program, given] = command('watch', path, '--every', '1')
    const child = spawn(program, given, { cwd: root })
    let shown = ''
    child.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString()
    })
    const until = async (text: string): Promise<void> => {
      while (!shown.includes(text)) await new Promise(resolve => setTimeout(resolve, 50))
    }
    await until(' 1/4 ')
    const lines = linesOf(run)
    // Half a line is none yet.
    appendFileSync(join(path, 'run.jsonl'), `${lines[1]}\n${lines[2]!.slice(0, 20)}`)
    await until(' 2/4 ')
    appendFileSync(join(path, 'run.jsonl'), `${lines[2]!.slice(20)}\n${lines[3]}\n`)
    await until(' 4/4 ')
    await rm(lock)
    expect(
      await new Promise(resolve => {
        child.on('exit', resolve)
      })
    ).toBe(0)
    expect(shown).not.toContain(' 3/4 ')
  })
})
