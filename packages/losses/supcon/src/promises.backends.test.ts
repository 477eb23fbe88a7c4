import { symmetric } from '@lapstrake/core'
import { describeLoss } from '@lapstrake/testing'
import { describeOnBackends } from '@lapstrake/testing/node'
import { describe, expect } from 'vitest'
import { supCon, supConQueue } from './index.ts'

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

await describeOnBackends(['cpu', 'wasm'], () => {
  describeLoss('supCon', supCon(), { reducing: reduction => supCon({ reduction }) })
  describeLoss('supCon of three views, positives inside the logarithm', supCon({ form: 'in', temperature: 0.3 }), {
    views: 3,
    reducing: reduction => supCon({ form: 'in', temperature: 0.3, reduction })
  })
  describeLoss('supCon over pairs, cold', supCon({ form: 'pairs', temperature: 0.1 }), {
    reducing: reduction => supCon({ form: 'pairs', temperature: 0.1, reduction }),
    // Of twelve rows, each has three positives.
    meanOf: rows => sum(rows) / (12 * 3)
  })
  describeLoss(
    'supCon with first anchors that have positives',
    supCon({ anchors: 'first', noPositive: 'skip', baseTemperature: 0.07 }),
    {
      reducing: reduction => supCon({ anchors: 'first', noPositive: 'skip', baseTemperature: 0.07, reduction })
    }
  )
  describeLoss('supConQueue', supConQueue({ size: 8 }), {
    targets: true,
    reducing: reduction => supConQueue({ size: 8, reduction }),
    except: { 'every view': 'the second view asks only under symmetric()' }
  })
  describeLoss('supConQueue in both directions', symmetric(supConQueue({ size: 8, fill: 'random' })), {
    targets: true,
    except: { order: 'the keys of one direction are contrasted with in the other, the newest last' }
  })
  describe.each(['out', 'in'] as const)('one view, of six examples two in a class: %s', form => {
    const options = { form, noPositive: 'skip' } as const
    describeLoss('supCon', supCon(options), {
      views: 1,
      classes: 5,
      reducing: reduction => supCon({ ...options, reduction }),
      meanOf: rows => {
        expect(rows.slice(1, 5)).toEqual([0, 0, 0, 0])
        return sum(rows) / 2
      }
    })
  })
})
