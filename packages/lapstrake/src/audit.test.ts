import * as tf from '@tensorflow/tfjs-core'
import {
  audit,
  convNet,
  kd,
  linear,
  ntXent,
  overlapping,
  projector,
  sgd,
  useBackend,
  type Loss,
  type Recipe,
  type Stage
} from './index.ts'
import { beforeAll, expect, test } from 'vitest'

beforeAll(async () => {
  await useBackend('wasm', { threads: 1 })
})

const recipe = (change: Partial<Recipe> = {}): Recipe => ({
  backbone: convNet({ widths: [4, 6, 8], strides: [2, 2, 1], layers: 1 }),
  isolation: overlapping(),
  head: () => projector({ dims: [8] }),
  loss: () => ntXent(),
  optimizer: sgd({ learningRate: 0.1 }),
  ...change
})
const options = { inputShape: [12, 12, 3] }
const withStage = (change: (stage: Stage, i: number) => Stage): Partial<Recipe> => {
  const backbone = recipe().backbone
  return { backbone: { ...backbone, stages: backbone.stages.map(change) } }
}

test('shows which loss touches which weights, and finds nothing in an honest recipe', async () => {
  const before = tf.memory().numTensors
  const { stages, units, findings } = await audit(recipe(), options)
  expect(findings).toEqual([])
  expect(stages).toEqual(['conv1', 'conv2', 'conv3'])
  expect(units.map(({ name }) => name)).toEqual(['unit0', 'unit1'])
  expect(units.map(({ stages }) => stages.map(norm => norm !== undefined && norm > 0))).toEqual([
    [true, true, false],
    [false, true, true]
  ])
  expect(units.every(({ head }) => head > 0)).toBe(true)
  expect(tf.memory().numTensors).toBe(before)
})

test('a teacher is none of the weights', async () => {
  const teacher = { backbone: convNet({ widths: [4], strides: [2], layers: 1 }), head: linear({ dim: 8 }) }
  expect((await audit(recipe({ loss: () => kd(), teacher }), options)).findings).toEqual([])
})

test("a loss that looks at another unit's embeddings is found", async () => {
  let seen: tf.Tensor | undefined
  const peeking =
    (index: number): Loss =>
    (views, batch) => {
      const loss = ntXent()(views, batch) as tf.Scalar
      if (index === 1) {
        seen?.dispose()
        seen = tf.keep(tf.mean(views[0]).clone())
        return loss
      }
      return seen === undefined ? loss : tf.add(loss, seen)
    }
  const { findings } = await audit(recipe({ loss: (_, index) => peeking(index) }), options)
  seen?.dispose()
  expect(findings.join()).toMatch(
    /The loss of unit0 is .* once and .* when taken again|The loss of unit0 depends on the weights of/
  )
})

test('a stage that hears from the stage above is found, and by name', async () => {
  let above: tf.Tensor | undefined
  const { findings } = await audit(
    recipe(
      withStage((stage, i) => ({
        ...stage,
        init(random, shape) {
          const made = stage.init(random, shape)
          if (i === 2) above = (made.params as readonly { kernel: tf.Tensor }[])[0]!.kernel
          return made
        },
        apply(variables, input, mode) {
          if (i === 2) above = (variables.params as readonly { kernel: tf.Tensor }[])[0]!.kernel
          const { output, buffers } = stage.apply(variables, input, mode)
          return i === 0 && above !== undefined && !above.isDisposed
            ? { output: tf.add(output, tf.mean(above)), buffers }
            : { output, buffers }
        }
      }))
    ),
    options
  )
  expect(findings.join('\n')).toMatch(/of unit0/)
})

test('tensors that owners share are found', async () => {
  let scale: tf.Tensor | undefined
  const pooled: Stage = {
    name: 'pooled',
    init: (_, shape) => ({
      params: {},
      buffers: { scale: (scale ??= tf.keep(tf.ones([2]))) },
      outputShape: [shape.at(-1)!]
    }),
    apply: ({ buffers }, input) => ({ output: tf.mean(input, [1, 2]), buffers })
  }
  const { findings } = await audit(recipe({ head: () => pooled }), options)
  expect(findings.join('\n')).toContain(
    'the head of unit1 shares a tensor with the head of unit0. Make one for each in init.'
  )
})

test('a read in the middle of a step is found, with its place', async () => {
  const reading: Loss = (views, batch) => {
    views[0].dataSync()
    return ntXent()(views, batch) as tf.Scalar
  }
  const { findings } = await audit(recipe({ loss: () => reading }), options)
  expect(findings).toHaveLength(1)
  expect(findings[0]).toMatch(/A tensor is read by the host in the middle of a step, at .*audit\.test\.ts:\d+/)
})

test('a loss that draws its own randomness is found', async () => {
  const dice: Loss = (views, batch) => tf.mul(ntXent()(views, batch) as tf.Scalar, 1 + Math.random())
  const { findings } = await audit(recipe({ loss: () => dice }), options)
  expect(findings[0]).toMatch(/The loss of unit0 is .* once and .* when taken again from the same state and batch/)
})

test('tensors left behind are found', async () => {
  const leaking: Loss = (views, batch) => {
    tf.keep(tf.ones([3]))
    return ntXent()(views, batch) as tf.Scalar
  }
  const { findings } = await audit(recipe({ loss: () => leaking }), options)
  expect(findings.join('\n')).toMatch(/A step leaves \d+ tensors behind/)
})
