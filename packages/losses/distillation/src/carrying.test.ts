import '@tensorflow/tfjs-backend-cpu'
import { networkOf, own, seeded, stateless, type Backbone, type Batch, type Stage, type Views } from '@lapstrake/core'
import { describeStage, read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { carrying, flowOfSolution, fsp } from './index.ts'

const conv = (name: string, filters: number, stride: number): Stage =>
  stateless(name, {
    init: (random, [height, width, channels]) => ({
      params: { kernel: random.normal([3, 3, channels!, filters], 0, 0.3) },
      outputShape: [Math.ceil(height! / stride), Math.ceil(width! / stride), filters]
    }),
    apply: ({ kernel }, x) => tf.tanh(tf.conv2d(x as tf.Tensor4D, kernel as tf.Tensor4D, stride, 'same'))
  })
const backbone: Backbone = { name: 'net', stages: [conv('a', 4, 1), conv('b', 5, 2), conv('c', 3, 2)] }
const shape = [8, 6, 3]
const carries = carrying(backbone, shape)

describeStage('a stage that carries', carries.stages[2]!, { inputShape: [4, 3, 9] })

test('beside what a stage makes lies what it was made of, pooled; variables are those of the plain backbone', () => {
  const [plain, beside] = [networkOf(backbone, shape), networkOf(carries, shape)]
  expect(beside.shapes).toEqual([shape, [8, 6, 4], [4, 3, 9], [2, 2, 8]])
  const variables = plain.init(seeded(1))
  expect(read(beside.init(seeded(1)))).toEqual(read(variables))
  const images = seeded(2).normal([2, ...shape])
  const levels = [plain.levels(variables, images), beside.levels(variables, images)] as const
  const part = (maps: tf.Tensor, start: number, count: number): number[] =>
    read(own(() => tf.slice(maps, [0, 0, 0, start], [-1, -1, -1, count])))
  levels[0].forEach((maps, i) => expect(part(levels[1][i]!, 0, maps.shape[3]!)).toEqual(read(maps)))
  const below = own(() => tf.avgPool(levels[0][0] as tf.Tensor4D, 2, 2, 'valid'))
  part(levels[1][1]!, 5, 4).forEach((value, i) => expect(value).toBeCloseTo(read(below)[i]!, 5))
})

test('what is carried costs what the two layers do', () => {
  const [student, teacher] = [1, 2].map(seed => {
    const [bottom, top] = [seeded(seed).normal([3, 4, 4, 2]), seeded(10 + seed).normal([3, 4, 4, 5])]
    return { layers: [bottom, top], carried: tf.concat([top, bottom], 3) }
  })
  const views = [student!.carried] as unknown as Views<tf.Tensor2D>
  const batch: Batch = { views, teacher: [teacher!.carried] }
  expect(read(fsp({ bottom: 2 })(views, batch))[0]).toBeCloseTo(
    read(flowOfSolution(student!.layers, teacher!.layers))[0]!,
    6
  )
})

const [four, two] = [tf.zeros([2, 3, 3, 4]), tf.zeros([2, 4])]
const costOf = (maps: tf.Tensor): unknown => {
  const views = [maps] as unknown as Views<tf.Tensor2D>
  return fsp({ bottom: 4 })(views, { views, teacher: views })
}
test.each<[() => unknown, string]>([
  [() => fsp({ bottom: 0 }), 'fsp: expected a bottom that is a whole number from 1 to 65536, got 0.'],
  [() => costOf(four), 'fsp: expected maps [batch, height, width, channels] of which the last 4 channels'],
  [() => costOf(two), 'of the layer below, got [2, 4]. Use carrying(backbone) and head: () => unpooled().'],
  [
    () =>
      carrying(
        {
          name: 'rows',
          stages: [stateless('flat', { init: () => ({ params: {}, outputShape: [9] }), apply: (_, x) => x })]
        },
        shape
      ),
    'carrying: expected stages that give maps [height, width, channels], got [9].'
  ],
  [
    () => networkOf(carries, [16, 6, 3]),
    'carrying: expected maps of 8 × 6 to enter stage "b", got 16 × 6. Give it the shape of the examples that'
  ]
])('clear errors: %#', (act, message) => expect(act).toThrow(message))
