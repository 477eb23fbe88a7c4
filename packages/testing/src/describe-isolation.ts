import { checkOptions, type Isolation } from '@lapstrake/core'
import { describe, expect, test } from 'vitest'

export interface IsolationSuite {
  /** Depths at which the isolation works. */
  readonly depths?: readonly number[] | undefined
  /** Why some stages are left untaught, when they are. */
  readonly untaught?: string | undefined
}

/**
 * The promises every isolation keeps: spans within the depth that hold at least one stage, the same at every call, none
 * twice; every stage taught.
 */
export function describeIsolation(name: string, isolation: Isolation, suite: IsolationSuite = {}): void {
  checkOptions<IsolationSuite>('describeIsolation', suite, { depths: 'list', untaught: 'string' })
  const { depths = [1, 2, 3, 4, 9], untaught } = suite
  describe(`${name} keeps the promises of an isolation`, () => {
    test.each(depths)('for %i stages', depth => {
      const spans = isolation(depth)
      expect(isolation(depth)).toEqual(spans)
      expect(spans.length).toBeGreaterThan(0)
      for (const { start, end } of spans) {
        expect(Number.isInteger(start) && Number.isInteger(end)).toBe(true)
        expect(0 <= start && start < end && end <= depth).toBe(true)
      }
      expect(new Set(spans.map(({ start, end }) => `${start}-${end}`)).size).toBe(spans.length)
      if (untaught === undefined) {
        for (let stage = 0; stage < depth; stage++) {
          expect(spans.some(({ start, end }) => start <= stage && stage < end)).toBe(true)
        }
      }
    })
  })
}
