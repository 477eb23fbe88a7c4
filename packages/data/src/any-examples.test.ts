import '@tensorflow/tfjs-backend-cpu'
import {
  createTrainer,
  dispose,
  leaves,
  own,
  seeded,
  stateless,
  withLeaves,
  type Batch,
  type Context,
  type Loss,
  type Optimizer,
  type Recipe
} from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import {
  batchOf,
  inMemory,
  loader,
  pick,
  subset,
  twoViews,
  UnreadableExample,
  type Dataset,
  type LoaderOptions,
  type Position,
  type View
} from './index.ts'

// Sequences of 4 to 9 tokens of 12 kinds, most of which are among the four of their class.

const [vocabulary, longest, dim, classes] = [12, 9, 6, 3]

interface Sequence {
  readonly tokens: Uint16Array
  readonly label: number
}

const sequence = (place: number): Sequence => {
  const bits = seeded(7)
    .split(place)
    .bits(1 + longest)
  const tokens = Uint16Array.from({ length: 4 + (bits[0]! % 6) }, (_, i) => 4 * (place % classes) + (bits[1 + i]! % 5))
  return { tokens: tokens.map(token => token % vocabulary), label: place % classes }
}

const sequences: Dataset<Sequence> = {
  name: 'sequences',
  size: 60,
  classes: ['low', 'middle', 'high'],
  read: async places => Array.from(places, sequence),
  collate: examples => {
    const rows = (value: (tokens: Uint16Array, at: number) => number): number[][] =>
      examples.map(({ tokens }) => Array.from({ length: longest }, (_, at) => value(tokens, at)))
    return {
      input: tf.tensor2d(rows((tokens, at) => tokens[at] ?? 0)),
      context: { mask: tf.tensor2d(rows((tokens, at) => Number(at < tokens.length))) },
      labels: tf.tensor1d(
        examples.map(({ label }) => label),
        'int32'
      ),
      examples: {
        tokens: examples.map(({ tokens }) => tf.tensor1d(Int32Array.from(tokens), 'int32')),
        lengths: tf.tensor1d(examples.map(({ tokens }) => tokens.length))
      }
    }
  }
}

/** Leaves out one token in four, and one at least stays. */
const dropped: View<Sequence> = {
  onExample: ({ tokens, label }, random) => {
    const draws = random.uniforms(tokens.length)
    return { tokens: tokens.filter((_, i) => i === 0 || draws[i]! > 0.25), label }
  }
}

const maskOf = (context: Context | undefined): tf.Tensor2D => (context as { readonly mask: tf.Tensor2D }).mask

const embedding = stateless('embedding', {
  init: random => ({ params: { table: random.normal([vocabulary, dim]) }, outputShape: [longest, dim] }),
  apply: ({ table }, tokens) => {
    const hot = tf.oneHot(tf.reshape(tf.cast(tokens, 'int32'), [-1]), vocabulary)
    return tf.reshape(tf.matMul(tf.cast(hot, 'float32'), table), [-1, longest, dim])
  }
})

/** The mean of what is no padding. */
const pooling = stateless('pooling', {
  init: () => ({ params: {}, outputShape: [dim] }),
  apply: (_, x, { context }) => {
    const mask = maskOf(context)
    return tf.div(tf.sum(tf.mul(x, tf.expandDims(mask, 2)), 1), tf.sum(mask, 1, true))
  }
})

const classifier = stateless('classifier', {
  init: random => ({ params: { weights: random.normal([dim, classes]) }, outputShape: [classes] }),
  apply: ({ weights }, x) => tf.matMul(x as tf.Tensor2D, weights as tf.Tensor2D)
})

const crossEntropy: Loss = (views, { labels }) =>
  tf.neg(
    tf.mean(
      tf.concat(
        views.map(logits => tf.sum(tf.mul(tf.oneHot(labels as tf.Tensor1D, classes), tf.logSoftmax(logits)), 1))
      )
    )
  )

const descent: Optimizer = {
  init: () => ({}),
  update: (gradients, state, params) => {
    const slopes = leaves(gradients)
    const moved = leaves(params).map((weights, i) => tf.sub(weights, tf.mul(slopes[i]!, 0.5)))
    return { params: withLeaves(params, moved), state }
  }
}

const recipe: Recipe = {
  backbone: { name: 'bag of tokens', stages: [embedding, pooling] },
  isolation: () => [{ start: 0, end: 2 }],
  head: () => classifier,
  loss: () => crossEntropy,
  optimizer: descent
}

const options: LoaderOptions = { batchSize: 12, random: seeded(1), views: twoViews(dropped) }

/** What a batch shows and holds, as numbers. */
const numbersOf = ({ views, context, labels, examples }: Batch): number[][] =>
  leaves([views, context, labels, examples]).flatMap(tensor => (tensor === undefined ? [] : [[...tensor.dataSync()]]))

async function take(count: number, some: Partial<LoaderOptions> = {}, from?: Position, data = sequences) {
  const taken: { readonly numbers: number[][]; readonly next: Position }[] = []
  for await (const { batch, next } of loader(data, { ...options, ...some }).batches(from)) {
    taken.push({ numbers: numbersOf(batch), next })
    dispose(batch)
    if (taken.length === count) break
  }
  return taken
}

describe('sequences of unlike length', () => {
  test.each([undefined, 5])('are learned from, in parts of %s', async microBatch => {
    const before = tf.memory().numTensors
    const trainer = createTrainer(recipe, { inputShape: [longest], microBatch })
    let state = trainer.init(seeded(0))
    const costs: number[] = []
    for await (const { batch, epoch } of loader(sequences, options).batches()) {
      const { losses, ...step } = trainer.step(state, batch)
      state = step.state
      costs.push(...Object.values(losses).map(loss => loss.dataSync()[0]!))
      dispose(losses)
      dispose(batch)
      if (epoch === 8) break
    }
    dispose(state)
    expect(costs.at(-1)!).toBeLessThan(costs[0]! / 3)
    expect(tf.memory().numTensors).toBe(before)
  })

  test('each view has its own mask; what is beside them is that of the first', async () => {
    const batch = await batchOf(sequences, [3, 4, 5], {
      views: [dropped, dropped, ...twoViews<Sequence>({ onBatch: input => input })],
      random: seeded(1)
    })
    const masks = batch.context!.map(context => [...maskOf(context).dataSync()])
    const lengths = masks.map(mask =>
      [0, 1, 2].map(i => mask.slice(i * longest, (i + 1) * longest).reduce((a, b) => a + b))
    )
    expect(lengths[2]).toEqual([3, 4, 5].map(place => sequence(place).tokens.length))
    expect(lengths[3]).toEqual(lengths[2])
    expect(lengths[0]).not.toEqual(lengths[2])
    const { tokens, lengths: first } = batch.examples as { tokens: readonly tf.Tensor[]; lengths: tf.Tensor }
    expect([...first.dataSync()]).toEqual(lengths[0])
    expect(tokens.map(({ shape }) => shape[0])).toEqual(lengths[0])
    expect([...batch.labels!.dataSync()]).toEqual([0, 1, 2])
    dispose(batch)
  })

  test('come out the same whatever is read ahead, and behind a position', async () => {
    const all = await take(8)
    expect(await take(8, { ahead: 0 })).toEqual(all)
    const late: View<Sequence> = {
      onExample: async (example, random) => {
        await pause(random.split('pause').uniforms(1)[0]! * 5)
        return (dropped as { onExample: (...given: unknown[]) => Sequence }).onExample(example, random)
      }
    }
    expect(await take(8, { views: twoViews(late), ahead: 3 })).toEqual(all)
    expect(await take(3, {}, all[4]!.next)).toEqual(all.slice(5))
  })

  test('an example draws the same wherever it stands in an epoch, and other in another view or epoch', async () => {
    const seen = new Map<string, number[]>()
    const watched: View<Sequence> = {
      onExample: (example, random) => {
        const key = `${example.tokens.join()}`
        seen.set(key, [...(seen.get(key) ?? []), random.key[0]])
        return example
      }
    }
    const one = subset(sequences, { count: 4 })
    const run = (batchSize: number): Promise<unknown> =>
      take(8 / batchSize, { views: twoViews(watched), batchSize, ahead: 0 }, undefined, one)
    await run(2)
    const [first, ...others] = [...seen.values()]
    expect(new Set(first).size).toBe(4)
    expect(new Set([first, ...others].flat()).size).toBe(16)
    const before = new Map(seen)
    seen.clear()
    await run(4)
    for (const [key, draws] of before) expect(new Set(seen.get(key))).toEqual(new Set(draws))
  })

  test('parts of a data set know how to collate', async () => {
    const [some] = await pick(sequences, Uint32Array.of(9, 2)).read([1])
    expect(some).toEqual(sequence(2))
    expect(own(() => subset(sequences, { count: 2 }).collate([some!])).input.shape).toEqual([1, longest])
  })
})

describe('a half on the host that fails', () => {
  test('is an error of the data set, the example and the view', async () => {
    const failing: View<Sequence> = {
      onExample: example => {
        if (example.tokens.length > 5) throw new RangeError('too long')
        return example
      }
    }
    await expect(take(1, { views: [dropped, failing] })).rejects.toThrow(
      /^loader: expected view 1 of example \d+ of sequences, but its half on the host failed: too long\. Mend onExample/
    )
    await expect(take(1, { views: [{ onExample: () => undefined }] })).rejects.toThrow('failed: it gave nothing back.')
  })

  test('of a damaged example lets another stand in, the same whatever is read ahead', async () => {
    const bad = sequence(17).tokens.join()
    const data: Dataset<Sequence> = { ...sequences, size: 120 }
    const wary: View<Sequence> = {
      onExample: example => {
        if (example.tokens.join() !== bad) return example
        throw new UnreadableExample([{ place: 0, example: 'a sequence', reason: 'it is damaged' }], { what: 'whole' })
      }
    }
    const found: unknown[] = []
    for (const ahead of [0, 3]) {
      const source = loader(data, { ...options, views: [wary], ahead })
      for await (const { batch, replaced, newlyUnreadable, epoch } of source.batches()) {
        const places = [...batch.indices!.dataSync()]
        expect(places).not.toContain(17)
        dispose(batch)
        if (newlyUnreadable.length > 0) found.push(places, replaced, newlyUnreadable)
        if (epoch === 1) break
      }
    }
    expect(found).toHaveLength(6)
    expect(found.slice(3)).toEqual(found.slice(0, 3))
    expect(found[2]).toEqual([{ place: 17, example: 'a sequence', reason: 'it is damaged' }])
  })
})

test('a view of two halves does the one before the other, and images keep their size on the host', async () => {
  const images = inMemory({
    name: 'two',
    classes: [],
    shape: [1, 1, 1],
    images: Uint8Array.of(51, 102),
    labels: Int32Array.of(0, 0)
  })
  const both: View = {
    onExample: example => ({ ...(example as object), image: Uint8Array.of(204) }),
    onBatch: input => tf.div(input, 2)
  }
  const shown = await batchOf(images, [1], { views: [both, { onBatch: input => input }], random: seeded(0) })
  const [first, second] = shown.views.map(view => view.dataSync()[0])
  expect(first).toBeCloseTo(0.4, 6)
  expect(second).toBeCloseTo(0.4, 6)
  dispose(shown)
  const grown: View = { onExample: () => ({ image: new Uint8Array(4), label: 0 }) }
  await expect(batchOf(images, [1], { views: [grown], random: seeded(0) })).rejects.toThrow(
    'two: expected images of 1 × 1 × 1 pixels, got 4 numbers.'
  )
})

test.each([[[]], [[3]], [[[]]], [[,]], [() => {}], [undefined]])('%j are no views', views =>
  expect(() => loader(sequences, { ...options, views: views as never })).toThrow('loader: expected views to be a list')
)

test.each([
  [{ onExample: 3 }, 'expected onExample to be a function, got 3.'],
  [{ onexample: () => 1 }, 'expected options among onExample, onBatch, got onexample. Did you mean onExample?'],
  [{}, 'expected onExample, onBatch or both, got neither.']
])('%o is no view', (view, words) =>
  expect(() => loader(sequences, { ...options, views: [dropped, view as never] })).toThrow(`loader, view 1: ${words}`)
)
