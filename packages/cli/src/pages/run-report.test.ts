import { compareRuns, readRun } from '@lapstrake/runs/node'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { writeRun } from '../testing/write-run.ts'
import { runReport } from './run-report.ts'

const folder = mkdtempSync(join(tmpdir(), 'run-report-'))
writeRun(folder, { name: 'loco', seed: 0, losses: [2.123456, 1.5] })
const run = await readRun(folder)
afterAll(() => rmSync(folder, { recursive: true }))
const report = (classes: number): string => {
  const points = Array.from({ length: 40 }, (_, i) => ({ x: i, y: i % 7, label: `class ${i % classes}` }))
  const stageMaps = new Map([[folder, ['raw pixels', 'conv1'].map(stage => ({ stage, points }))]])
  return runReport({ comparison: compareRuns([run]), maps: {}, stageMaps })
}
/** The colours of legends, by what they stand for. */
const legends = (page: string): readonly (readonly [name: string, colour: string])[] =>
  Array.from(page.matchAll(/<i style="background:([^"]+)"><\/i>([^<]+)/g), ([, colour, name]) => [name!, colour!])

test.each([3, 10, 16])('%d classes have a colour each, and one legend for all maps', classes => {
  const shown = legends(report(classes)).filter(([name]) => name.startsWith('class'))
  expect(shown).toHaveLength(classes)
  expect(new Set(shown.map(([, colour]) => colour)).size).toBe(classes)
})

test('the axis of a single look has no more digits than there is room for', () => {
  const labels = Array.from(report(3).matchAll(/<text[^>]*>([^<]+)<\/text>/g), ([, text]) => text!)
  expect(labels.length).toBeGreaterThan(20)
  for (const label of labels.filter(text => /^−?\d/.test(text))) expect(label.length).toBeLessThanOrEqual(6)
})

test('units from the lowest to the highest are seen on a light page and on a dark one', () => {
  const units = Array.from({ length: 16 }, (_, i) => `unit${i}`)
  const losses = Object.fromEntries(units.map(unit => [unit, 1]))
  const steps = run.steps.map(step => ({ ...step, losses }))
  const page = runReport({ comparison: compareRuns([{ ...run, steps }]), maps: {}, stageMaps: new Map() })
  const shown = legends(page).filter(([name]) => name.startsWith('unit'))
  expect(shown.map(([name]) => name)).toEqual(units)
  for (const [, colour] of shown) {
    expect(contrast(colour, 1)).toBeGreaterThan(3)
    expect(contrast(colour, 0.006)).toBeGreaterThan(3)
  }
})

/** Of a colour as `hsl(220 65% 60%)` and a brightness (WCAG 2.2). */
function contrast(colour: string, other: number): number {
  const [hue, saturation, lightness] = colour.match(/\d+/g)!.map(Number) as [number, number, number]
  const [s, l] = [saturation / 100, lightness / 100]
  const channel = (n: number): number => {
    const k = (n + hue / 30) % 12
    const value = l - s * Math.min(l, 1 - l) * Math.max(-1, Math.min(k - 3, 9 - k, 1))
    return ((value + 0.055) / 1.055) ** 2.4
  }
  const bright = 0.2126 * channel(0) + 0.7152 * channel(8) + 0.0722 * channel(4)
  return (Math.max(bright, other) + 0.05) / (Math.min(bright, other) + 0.05)
}
