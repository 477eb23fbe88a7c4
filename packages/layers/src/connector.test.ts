import '@tensorflow/tfjs-backend-cpu'
import { seeded } from '@lapstrake/core'
import { describeStage, read } from '@lapstrake/testing'
import { expect, test } from 'vitest'
import { atInference, batchNorm, connector, normBlock, stageOf, unpooled } from './index.ts'

describeStage('connector', connector({ filters: 3 }), { inputShape: [4, 3, 2] })
describeStage('connector in groups', connector({ filters: 4, norm: 'group' }), { inputShape: [4, 3, 2] })
describeStage('unpooled', unpooled(), { inputShape: [4, 3, 2] })
describeStage('at inference', atInference(connector({ filters: 3 })), { inputShape: [4, 3, 2] })

test('a connector keeps maps, of either sign', () => {
  const stage = connector({ filters: 3 })
  const variables = stage.init(seeded(1), [4, 5, 2])
  expect(variables.outputShape).toEqual([4, 5, 3])
  const input = seeded(2).normal([2, 4, 5, 2])
  const { output } = stage.apply(variables, input, { training: true, random: seeded(3) })
  expect(Math.min(...read(output))).toBeLessThan(0)
  expect(() => connector({ filters: 0 })).toThrow('connector: expected a whole number above 0 for filters, got 0.')
})

test('a stage at inference keeps its statistics while others learn', () => {
  const stage = stageOf('norm', normBlock({ filters: 2, norm: batchNorm() }))
  const variables = stage.init(seeded(1), [4, 5, 2])
  const [input, training] = [seeded(2).normal([2, 4, 5, 2]), { training: true, random: seeded(3) } as const]
  expect(read(stage.apply(variables, input, training).buffers)).not.toEqual(read(variables.buffers))
  const still = atInference(stage).apply(variables, input, training)
  expect(read(still.buffers)).toEqual(read(variables.buffers))
  expect(read(still.output)).toEqual(read(stage.apply(variables, input, { training: false }).output))
})
