import '@tensorflow/tfjs-backend-cpu'
import { dispose, stateless, type Context } from '@lapstrake/core'
import { twoViews, UnreadableExample, type Dataset, type View } from '@lapstrake/data'
import { endToEnd } from '@lapstrake/isolation'
import { projector } from '@lapstrake/layers'
import { ntXent } from '@lapstrake/loss-info-nce'
import { adamW } from '@lapstrake/optimizers'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import type { Experiment } from './experiment.ts'
import { describeRun } from './saved-run.ts'
import { train } from './train.ts'
import type { TrainOptions } from './train-options.ts'

const [vocabulary, longest, dim] = [16, 8, 8]

/** Sequences of 3 to 8 tokens that each grow by a step of their own, of which the first cannot be read. */
const sequences: Dataset<Uint16Array> = {
  name: 'sequences',
  size: 110,
  classes: [],
  read: async places => {
    if (Array.from(places).includes(0))
      throw new UnreadableExample([{ place: 0, example: 'the first', reason: 'it is lost' }], { what: 'a sequence' })
    return Array.from(places, place =>
      Uint16Array.from({ length: 3 + (place % 6) }, (_, i) => (place + i * (1 + (place % 5))) % vocabulary)
    )
  },
  collate: examples => {
    const rows = (value: (tokens: Uint16Array, at: number) => number): tf.Tensor2D =>
      tf.tensor2d(examples.map(tokens => Array.from({ length: longest }, (_, at) => value(tokens, at))))
    return {
      input: rows((tokens, at) => tokens[at] ?? 0),
      context: { mask: rows((tokens, at) => Number(at < tokens.length)) }
    }
  }
}

const dropped: View<Uint16Array> = {
  onExample(tokens, random) {
    const draws = random.uniforms(tokens.length)
    return tokens.filter((_, i) => i === 0 || draws[i]! > 0.3)
  }
}

const maskOf = (context: Context | undefined): tf.Tensor2D => (context as { readonly mask: tf.Tensor2D }).mask

const bagOfTokens = stateless('bag of tokens', {
  init: random => ({ params: { table: random.normal([vocabulary, dim]) }, outputShape: [dim] }),
  apply: ({ table }, tokens, { context }) => {
    const hot = tf.cast(tf.oneHot(tf.reshape(tf.cast(tokens, 'int32'), [-1]), vocabulary), 'float32')
    const embedded = tf.reshape(tf.matMul(hot, table), [-1, longest, dim])
    const mask = maskOf(context)
    return tf.div(tf.sum(tf.mul(embedded, tf.expandDims(mask, 2)), 1), tf.sum(mask, 1, true))
  }
})

const experiment: Experiment = {
  name: 'sequences',
  batchSize: 10,
  epochs: 3,
  views: twoViews(dropped),
  backbone: { name: 'bag of tokens', stages: [bagOfTokens] },
  isolation: endToEnd(),
  head: () => projector({ dims: [dim] }),
  loss: () => ntXent({ temperature: 0.2 }),
  optimizer: adamW({ learningRate: 0.1 })
}

async function follow(options: TrainOptions = {}, saveAt = 0): Promise<{ losses: number[]; saved: Uint8Array }> {
  const losses: number[] = []
  let saved = new Uint8Array()
  const { state } = await train(experiment, {
    dataset: sequences,
    ...options,
    async onStep(metrics, { save }) {
      losses.push(...Object.values(metrics.losses))
      if (metrics.step === saveAt) saved = new Uint8Array(await save())
    }
  })
  dispose(state)
  return { losses, saved }
}

test('a run learns from examples that are no images, and goes on bit for bit where it was saved', async () => {
  const before = tf.memory().numTensors
  const whole = await follow({}, 14)
  expect(whole.losses).toHaveLength(33)
  const mean = (some: readonly number[]): number => some.reduce((sum, loss) => sum + loss) / some.length
  expect(mean(whole.losses.slice(-5))).toBeLessThan(0.9 * mean(whole.losses.slice(0, 5)))
  expect(describeRun(whole.saved)).toMatchObject({ data: 'sequences', inputShape: [longest], unreadable: [0] })
  expect((await follow({ resume: whole.saved })).losses).toEqual(whole.losses.slice(14))
  expect(tf.memory().numTensors).toBe(before)
})

test('a run with other views on the host is another run', async () => {
  const { saved } = await follow({}, 1)
  const views = twoViews<Uint16Array>({ onExample: tokens => tokens.slice(0, 2) })
  await expect(train({ ...experiment, views }, { dataset: sequences, resume: saved })).rejects.toThrow(
    'got others: views'
  )
})
