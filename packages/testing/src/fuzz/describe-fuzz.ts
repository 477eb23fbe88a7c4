import { appendFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { fuzz, type FuzzSuite } from './fuzz.ts'

/**
 * The promises of whoever reads files that others wrote, or that a disk damaged: a mutant of a good input is read, or
 * refused in words that are `allowed`, within a second and with memory in proportion to its size.
 *
 * In the environment, `LAPSTRAKE_FUZZ` says how many mutants are read (20,000), `LAPSTRAKE_FUZZ_SEED` which (those of
 * 1), and `LAPSTRAKE_FUZZ_INPUT` the number of one that is read alone.
 */
export function describeFuzz(name: string, suite: FuzzSuite): void {
  const { LAPSTRAKE_FUZZ_INPUT: one, LAPSTRAKE_FUZZ_REPORT: path } = process.env
  const seed = number('LAPSTRAKE_FUZZ_SEED', 1)
  const range =
    one === undefined
      ? { seed, from: 0, count: number('LAPSTRAKE_FUZZ', 20_000) }
      : { seed, from: number('LAPSTRAKE_FUZZ_INPUT', 0), count: 1 }
  describe(`${name} keeps the promises of a reader`, () => {
    test.each(suite.inputs.map((input, i) => [i, input] as const))('good input %i is read', async (_, input) => {
      await suite.read(input)
    })

    test(`mutants are read or refused, of seed ${seed}`, async () => {
      const report = await fuzz(name, suite, range)
      if (path !== undefined) appendFileSync(path, `${JSON.stringify({ ...report, crashes: report.crashes.length })}\n`)
      const shown = report.crashes.slice(0, 5).map(({ input, what }) => `input ${input} of seed ${seed}: ${what}`)
      const again = `Once more: npm run fuzz -- --seed ${seed} --input ${report.crashes[0]?.input} "${name}"`
      expect(report.crashes.length, [...shown, again].join('\n')).toBe(0)
    }, 0)
  })
}

/** A whole number of the environment. */
function number(variable: string, otherwise: number): number {
  const value = Number(process.env[variable] ?? otherwise)
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new RangeError(`${variable}: expected a whole number, got ${process.env[variable]}. Try ${otherwise}.`)
}
