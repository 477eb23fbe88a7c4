import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { dispose, networkOf, seeded, stateless, type Context, type Stage } from './index.ts'

const stages = [2, 3, 4].map(
  (factor): Stage =>
    stateless(`times ${factor}`, {
      init: (random, [dim]) => ({ params: { shift: random.normal([dim!]) }, outputShape: [dim!] }),
      apply: ({ shift }, x) => tf.add(tf.mul(x, factor), shift!)
    })
)

/** The same, counting how often each runs. */
const counted = (): { readonly counting: readonly Stage[]; readonly runs: number[] } => {
  const runs = stages.map(() => 0)
  const counting = stages.map(
    (stage, i): Stage => ({
      ...stage,
      apply(...given) {
        runs[i]! += 1
        return stage.apply(...given)
      }
    })
  )
  return { counting, runs }
}

describe('a network without a trainer', () => {
  test('knows the shape at each level, and draws the same variables for the same randomness', () => {
    const network = networkOf({ stages }, [5])
    expect(network.shapes).toEqual([[5], [5], [5], [5]])
    const [a, b] = [network.init(seeded(1)), network.init(seeded(1))]
    a.forEach(({ params }, i) => {
      const [mine, other] = [params, b[i]!.params].map(tree => (tree as { shift: tf.Tensor }).shift.dataSync())
      expect(mine).toEqual(other)
    })
  })

  test('gives all levels in one climb: each stage runs once an image, and none above the highest that is asked', () => {
    const { counting, runs } = counted()
    const network = networkOf({ stages: counting }, [5])
    const variables = network.init(seeded(1))
    const images = seeded(2).normal([7, 5])
    expect(network.levels(variables, images)).toHaveLength(3)
    expect(runs).toEqual([1, 1, 1])
    network.levels(variables, images, { which: [0, 2] })
    expect(runs).toEqual([2, 2, 1])
    network.encode(variables, images, { level: 1 })
    expect(runs).toEqual([3, 2, 1])
  })

  test('gives levels in the order asked for, each the caller’s own, and leaves nothing else', () => {
    const network = networkOf({ stages }, [5])
    const variables = network.init(seeded(1))
    const images = seeded(2).normal([7, 5])
    const before = tf.memory().numTensors
    const levels = network.levels(variables, images, { which: [3, 0, 1, 3] })
    const alone = [3, 0, 1, 3].map(level => network.encode(variables, images, { level }))
    expect(tf.memory().numTensors).toBe(before + 8)
    levels.forEach((level, i) => expect(level.dataSync()).toEqual(alone[i]!.dataSync()))
    expect(levels[1]!.dataSync()).toEqual(images.dataSync())
    for (const tensor of [...levels, ...alone]) tensor.dispose()
    expect(tf.memory().numTensors).toBe(before)
    expect(images.isDisposed).toBe(false)
    dispose(variables)
  })

  test('hands its stages the constants beside the input', () => {
    const seen: (Context | undefined)[] = []
    const looking: Stage = {
      ...stages[0]!,
      apply(variables, input, mode) {
        seen.push(mode.context)
        return stages[0]!.apply(variables, input, mode)
      }
    }
    const network = networkOf({ stages: [looking] }, [5])
    const context = { mask: tf.ones([7, 5]) }
    network.encode(network.init(seeded(1)), tf.ones([7, 5]), { context })
    network.encode(network.init(seeded(1)), tf.ones([7, 5]))
    expect(seen).toEqual([context, undefined])
  })

  test.each([-1, 4, 1.5, Number.NaN])('refuses level %s', level => {
    const network = networkOf({ stages }, [5])
    const variables = network.init(seeded(1))
    const message = `network: expected a level of 0 to 3, one above each stage, got ${level}.`
    expect(() => network.encode(variables, tf.ones([1, 5]), { level })).toThrow(message)
    expect(() => network.levels(variables, tf.ones([1, 5]), { which: [0, level] })).toThrow(message)
  })

  test('refuses the variables of another network, and a backbone without stages', () => {
    const network = networkOf({ stages }, [5])
    expect(() => network.encode(network.init(seeded(1)).slice(1), tf.ones([1, 5]))).toThrow(
      'network: expected the variables of 3 stages, got those of 2.'
    )
    expect(() => networkOf({ stages: [] }, [5])).toThrow('backbone: expected at least one stage, got none.')
  })
})
