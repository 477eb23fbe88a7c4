import '@tensorflow/tfjs-backend-cpu'
import { leaves, own, seeded, type Backbone, type Random, type Shape } from '@lapstrake/core'
import { describeOnBackends } from '@lapstrake/testing/node'
import { describeStage } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { afterAll, expect, test } from 'vitest'
import { pResNet50, resNet } from './index.ts'

afterAll(() => tf.setBackend('cpu'))

const tiny = pResNet50({ stem: 'cifar', width: 7 })
describeStage('the stage of two groups', tiny.stages[3]!, { inputShape: [3, 4, 72], tolerance: 0.2 })

const zeros: Random = { ...seeded(1), split: () => zeros, normal: shape => tf.zeros([...shape]) }

/** Multiply-adds of the products of each stage for one image, and the shapes that come out. */
function measured(
  { stages }: Backbone,
  inputShape: Shape
): { readonly work: readonly number[]; readonly shapes: readonly Shape[] } {
  const engine = tf.engine()
  const { runKernel } = engine
  const shapes: Shape[] = []
  let shape = inputShape
  let flow: tf.Tensor = tf.zeros([1, ...shape])
  let count = 0
  engine.runKernel = function (name, inputs, attrs) {
    const result = runKernel.call(engine, name, inputs, attrs)
    const { filter, a, x } = inputs as Record<string, tf.Tensor>
    const { size } = result as tf.Tensor
    if (name === 'Conv2D') count += size * filter!.shape.slice(0, 3).reduce((product, length) => product * length, 1)
    // What interpolates has a matrix for all images.
    else if (name === 'BatchMatMul' && a!.shape[0] !== 1)
      count += size * a!.shape.at((attrs as { transposeA: boolean }).transposeA ? -2 : -1)!
    else if (x?.rank === 4 && name.startsWith('Conv'))
      throw new Error(`expected products that are counted, got ${name}`)
    return result as never
  }
  try {
    const work = stages.map(stage => {
      count = 0
      const variables = own(() => stage.init(zeros, shape))
      const before = flow
      flow = own(() => stage.apply(variables, before, { training: false }).output)
      tf.dispose([before, ...leaves<tf.Tensor>([variables.params, variables.buffers])])
      expect(flow.shape).toEqual([1, ...variables.outputShape])
      shapes.push((shape = variables.outputShape))
      return count
    })
    return { work, shapes }
  } finally {
    engine.runKernel = runKernel
    flow.dispose()
  }
}

const total = (work: readonly number[]): number => work.reduce((sum, value) => sum + value, 0)

await describeOnBackends(['wasm'], () => {
  test('does the work that the paper counts, stage by stage, and gives maps of its sizes', async () => {
    await tf.setBackend('wasm')
    const { work, shapes } = measured(pResNet50(), [224, 224, 3])
    expect(shapes).toEqual([
      [56, 56, 56],
      [36, 36, 96],
      [24, 24, 576],
      [16, 16, 1024],
      [12, 12, 2048],
      [8, 8, 4096]
    ])
    expect(Math.abs(total(work) / 4.16e9 - 1)).toBeLessThan(0.02)
    const shares = [13.5, 14.63, 14.77, 16.62, 20.45, 20.04]
    work.forEach((count, i) => expect(Math.abs((100 * count) / total(work) - shares[i]!)).toBeLessThan(0.1))
  })

  test('ResNet-50 does 4.14 G, as the paper counts', async () => {
    await tf.setBackend('wasm')
    const { work, shapes } = measured(resNet({ depth: 50, stem: 'imagenet' }), [224, 224, 3])
    expect(shapes.map(([height]) => height)).toEqual([56, 28, 14, 7])
    expect(Math.abs(total(work) / 4.14e9 - 1)).toBeLessThan(0.02)
    const shares = [19.39, 25.09, 35.8, 19.73]
    work.forEach((count, i) => expect(Math.abs((100 * count) / total(work) - shares[i]!)).toBeLessThan(0.2))
  })
})

test('shrinks images of any size', () => {
  expect(measured(tiny, [32, 24, 3]).shapes).toEqual([
    [32, 24, 7],
    [21, 15, 12],
    [14, 10, 72],
    [9, 7, 128],
    [7, 5, 256],
    [5, 3, 512]
  ])
  expect(measured(tiny, [1, 1, 3]).shapes.at(-1)).toEqual([1, 1, 512])
})

test('counts products of groups, not of the whole', () => {
  const [, , , grouped] = measured(tiny, [14, 14, 3]).work
  // 6×6 maps enter, 4×4 leave: the first 1×1, the projection, then three times 3×3 and 1×1, two times a 1×1 back.
  expect(grouped).toBe(
    (6 * 6 * 72 * 32) / 2 + 16 * (72 * 128 + 3 * ((9 * 32 * 32) / 2 + 32 * 128) + (2 * 128 * 32) / 2)
  )
})

test.each([
  [() => pResNet50({ width: 64 }), 'pResNet50: expected a width that is a multiple of 7, got 64. Try 56.'],
  [() => pResNet50({ stem: 'x' as 'cifar' }), "pResNet50: expected stem to be 'cifar' or 'imagenet', got 'x'."],
  [() => pResNet50({ norm: 'x' as 'batch' }), "pResNet50: expected norm to be 'batch' or 'group' or 'layer', got 'x'."]
])('%s', (act, message) => expect(act).toThrow(message))
