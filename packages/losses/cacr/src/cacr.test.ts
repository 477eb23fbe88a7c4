import { seeded, vjp, type Loss, type Views } from '@lapstrake/core'
import type { RowQueue } from '@lapstrake/embeddings'
import { read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import {
  cacr,
  cacrAgainst,
  cacrLoss,
  cacrMomentum,
  cacrQueue,
  type CACROptions,
  type CACRQueueOptions
} from './index.ts'

const rows = (seed: number, batch = 5, dim = 4): tf.Tensor2D => seeded(seed).normal([batch, dim]) as tf.Tensor2D
const viewsOf = (tensors: readonly tf.Tensor2D[]): Views<tf.Tensor2D> => tensors as unknown as Views<tf.Tensor2D>
const value = (loss: Loss, embeddings: readonly tf.Tensor2D[], targets?: readonly tf.Tensor2D[]): number => {
  const views = viewsOf(embeddings)
  return read(loss(views, { views, ...(targets && { targets: viewsOf(targets) }) }))[0]!
}
const gradients = (f: () => tf.Scalar, inputs: readonly tf.Tensor[]): number[] => {
  const { pull } = vjp(() => ({ outputs: [f()], aux: null }), inputs)
  return pull([tf.scalar(1)], inputs, { last: true }).flatMap(read)
}

// ─── The formulas once more, in plain loops. ───

const unit = (view: tf.Tensor2D): number[][] => view.arraySync().map(row => row.map(x => x / Math.hypot(...row)))
const sum = (numbers: readonly number[]): number => numbers.reduce((total, x) => total + x, 0)
const mean = (numbers: readonly number[]): number => sum(numbers) / numbers.length
const dot = (a: readonly number[], b: readonly number[]): number => sum(a.map((x, d) => x * b[d]!))
const squaredDistance = (a: readonly number[], b: readonly number[]): number => sum(a.map((x, d) => (x - b[d]!) ** 2))
const softmax = (logits: readonly number[]): number[] => {
  const powers = logits.map(Math.exp)
  return powers.map(power => power / sum(powers))
}
const without = <T>(list: readonly T[], at: number): T[] => list.filter((_, i) => i !== at)
const weighed = (costs: readonly number[], temperature: number): number =>
  dot(softmax(costs.map(cost => temperature * cost)), costs)

/** What {@link cacr} says it is. */
function twin(
  views: readonly tf.Tensor2D[],
  {
    attraction = 1,
    repulsion = 1,
    positiveTemperature = 1,
    negativeTemperature = 1,
    cost = 'euclidean',
    rbfScale = 2,
    classPrior = 0
  }: CACROptions
): number {
  const z = views.map(unit)
  const attracted = mean(
    z.map((query, v) =>
      mean(
        query.map((row, i) =>
          weighed(
            without(z, v).map(positives => squaredDistance(row, positives[i]!)),
            positiveTemperature
          )
        )
      )
    )
  )
  const repelled: number[] = []
  for (let v = 0; v < z.length; v++) {
    for (let u = v + 1; u < z.length; u++) {
      const distances = z[v]!.map((row, i) => without(z[u]!, i).map(negative => squaredDistance(row, negative)))
      const own = z[v]!.map((row, i) => squaredDistance(row, z[u]![i]!))
      repelled.push(
        cost === 'rbf'
          ? Math.log(
              mean(
                distances.map(d =>
                  dot(
                    softmax(d.map(d => -negativeTemperature * d)),
                    d.map(d => Math.exp(-rbfScale * d))
                  )
                )
              )
            )
          : -mean(distances.map((d, i) => (classPrior * own[i]! + weighed(d, -negativeTemperature)) / (1 - classPrior)))
      )
    }
  }
  return attraction * attracted + repulsion * mean(repelled)
}

/** InfoNCE of a view among keys. */
const infoNCE = (queries: tf.Tensor2D, keys: tf.Tensor2D, temperature: number): number =>
  mean(unit(queries).map((query, i) => -Math.log(softmax(unit(keys).map(key => dot(query, key) / temperature))[i]!)))

describe('cacr', () => {
  const pairs = tf.eye(2) // two examples at a right angle, their views equal: d⁺² = 0, d⁻² = 2

  test.each<[string, CACROptions, number]>([
    ['costs −d²', {}, -2],
    ['costs log exp(−2 d²)', { cost: 'rbf' }, -4],
    ['costs −d² / (1 − τ)', { classPrior: 0.2 }, -2.5],
    ['costs −β d²', { repulsion: 3 }, -6]
  ])('golden: of two orthogonal pairs each negative %s', (_, options, expected) => {
    expect(value(cacr(options), [pairs, pairs])).toBeCloseTo(expected, 6)
  })

  test('golden: three views of one example, at 0, 90 and 180 degrees', () => {
    const views = [
      [1, 0],
      [0, 1],
      [-1, 0]
    ].map(row => tf.tensor2d([row]))
    const ends = 2 + 2 / (1 + Math.exp(-2)) // 2 and 4 with weights softmax(2, 4)
    const middle = 2 // 2 and 2
    expect(value(cacr(), views)).toBeCloseTo((ends + middle + ends) / 3, 6)
    expect(value(cacr({ positiveTemperature: 0 }), views)).toBeCloseTo((3 + 2 + 3) / 3, 6)
  })

  test.each<[number, CACROptions]>([
    [2, {}],
    [3, { positiveTemperature: 2, negativeTemperature: 0.5, attraction: 0.5, repulsion: 2 }],
    [5, { negativeTemperature: 0.9 }],
    [3, { positiveTemperature: 0, negativeTemperature: 0 }],
    [3, { cost: 'rbf', rbfScale: 1, negativeTemperature: 2 }],
    [2, { cost: 'rbf', negativeTemperature: 0 }],
    [3, { classPrior: 0.1, repulsion: 2 }]
  ])('of %i views with %j agrees with the formula written as plain loops', (count, options) => {
    const views = Array.from({ length: count }, (_, v) => rows(v))
    expect(value(cacr(options), views)).toBeCloseTo(twin(views, options), 5)
  })

  test('features in one tensor cost what their views do', () => {
    const views = [rows(1), rows(2), rows(3)]
    const features = tf.reshape(tf.stack(views, 1), [5, 3, 2, 2])
    expect(read(cacrLoss(features, { repulsion: 2 }))[0]).toBeCloseTo(value(cacr({ repulsion: 2 }), views), 6)
  })

  test('detached weights change the gradient, and not the value', () => {
    const views = [rows(1), rows(2), rows(3)]
    for (const cost of ['euclidean', 'rbf'] as const) {
      const [learnt, fixed] = [false, true].map(detachWeights => cacr({ cost, detachWeights })) as [Loss, Loss]
      expect(value(fixed, views)).toBe(value(learnt, views))
      const [a, b] = [learnt, fixed].map(loss =>
        gradients(() => loss(viewsOf(views), { views: viewsOf(views) }), views)
      ) as [number[], number[]]
      expect(Math.max(...a.map((slope, i) => Math.abs(slope - b[i]!)))).toBeGreaterThan(0.01)
    }
  })

  test('the attraction does not mind the order of the views', () => {
    const [a, b, c] = [rows(1), rows(2), rows(3)]
    expect(value(cacr({ repulsion: 0 }), [a, b, c])).toBeCloseTo(value(cacr({ repulsion: 0 }), [c, a, b]), 6)
  })

  test('at collapse it costs exactly 0', () => {
    const same = tf.tile(tf.tensor2d([[0, 2, 0]]), [5, 1]) as tf.Tensor2D
    for (const options of [{}, { cost: 'rbf' }, { classPrior: 0.1 }, { repulsion: 2 }] as const)
      expect(value(cacr(options), [same, same, same])).toBeCloseTo(0, 6)
    expect(value(cacr(), [same, same])).toBe(0)
  })

  test.each(['euclidean', 'rbf'] as const)(
    '%s: a batch of one repels nothing, with a gradient of exactly zero',
    cost => {
      const views = [rows(1, 1), rows(2, 1)]
      expect(value(cacr({ cost, attraction: 0 }), views)).toBe(0)
      expect(value(cacr({ cost }), views)).toBe(value(cacr({ cost, repulsion: 0 }), views))
      const slopes = gradients(() => cacr({ cost, attraction: 0 })(viewsOf(views), { views: viewsOf(views) }), views)
      expect(slopes.every(slope => Math.abs(slope) === 0)).toBe(true)
    }
  )
})

describe('cacrMomentum', () => {
  test.each([1, 0.2])('a single query at temperature %f costs 2 · temperature · InfoNCE', temperature => {
    expect(read(cacrAgainst([rows(1)], rows(2), { temperature }))[0]).toBeCloseTo(
      2 * temperature * infoNCE(rows(1), rows(2), temperature),
      5
    )
  })

  test('is the mean over the keys, each without the query of its own view', () => {
    const [a, b, c] = [rows(1), rows(2), rows(3)]
    const [k, l, m] = [rows(4), rows(5), rows(6)]
    const each = (
      [
        [[b, c], k],
        [[a, c], l],
        [[a, b], m]
      ] as const
    ).map(([queries, key]) => read(cacrAgainst(queries, key))[0]!)
    expect(value(cacrMomentum(), [a, b, c], [k, l, m])).toBeCloseTo(mean(each), 5)
    expect(value(cacrMomentum(), [c, a, b], [m, k, l])).toBeCloseTo(mean(each), 5)
  })

  test('euclidean agrees with the formula written as plain loops', () => {
    const temperature = 0.5
    const queries = [rows(1), rows(2), rows(3)]
    const k = unit(rows(4))
    const each = k.map((key, i) => {
      const asked = queries.map(view => unit(view)[i]!)
      const p = softmax(asked.map(query => squaredDistance(query, key) / temperature))
      return dot(
        p,
        asked.map(
          query =>
            1 -
            dot(query, key) -
            weighed(
              without(k, i).map(other => 1 - dot(query, other)),
              -1 / temperature
            )
        )
      )
    })
    const found = (reduction: 'mean' | 'sum'): number =>
      read(cacrAgainst(queries, rows(4), { cost: 'euclidean', temperature, reduction }))[0]!
    expect(found('mean')).toBeCloseTo(mean(each), 5)
    expect(found('sum')).toBeCloseTo(sum(each), 4)
  })

  test('at collapse it costs 2 · temperature · log(batch), or 0', () => {
    const same = tf.ones<tf.Rank.R2>([5, 3])
    expect(value(cacrMomentum({ temperature: 0.2 }), [same, same, same], [same, same, same])).toBeCloseTo(
      0.4 * Math.log(5),
      5
    )
    expect(value(cacrMomentum({ cost: 'euclidean' }), [same, same, same], [same, same, same])).toBeCloseTo(0, 6)
  })

  test('with one example nothing is comparable: exactly zero, and so is the gradient', () => {
    const queries = [rows(1, 1), rows(2, 1)]
    expect(read(cacrAgainst(queries, rows(3, 1)))[0]).toBe(0)
    expect(gradients(() => cacrAgainst(queries, rows(3, 1)), queries).every(slope => Math.abs(slope) === 0)).toBe(true)
  })
})

describe('cacrQueue', () => {
  const ask = (
    options: CACRQueueOptions,
    memory: RowQueue,
    embeddings: readonly tf.Tensor2D[],
    targets: readonly tf.Tensor2D[]
  ): { loss: number; memory: RowQueue } => {
    const result = cacrQueue(options).apply(
      viewsOf(embeddings),
      { views: viewsOf(embeddings), targets: viewsOf(targets) },
      { params: {}, memory }
    )
    return { loss: read(result.loss)[0]!, memory: result.memory }
  }
  const start = (options: CACRQueueOptions, dim = 4): RowQueue =>
    cacrQueue(options).init(seeded(1), { embedding: [dim] }).memory
  const queries = [rows(1), rows(2), rows(3)]
  const keys = [rows(4), rows(5), rows(6)]

  test.each([true, false])('agrees with the formula written as plain loops, within the batch too: %s', withinBatch => {
    const options = {
      size: 7,
      attraction: 0.5,
      repulsion: 2,
      positiveTemperature: 1.5,
      negativeTemperature: 0.5,
      withinBatch
    }
    const memory = start(options)
    const [q, k, queue] = [queries.map(unit), keys.map(unit), unit(memory.rows)]
    const attracted = mean(
      q.map((view, v) =>
        mean(
          view.map((row, i) =>
            weighed(
              without(k, v).map(key => squaredDistance(row, key[i]!)),
              1.5
            )
          )
        )
      )
    )
    const repelled = mean(
      q.map(view =>
        mean(
          view.map((row, i) =>
            weighed(
              [...queue, ...(withinBatch ? without(view, i) : [])].map(negative => squaredDistance(row, negative)),
              -0.5
            )
          )
        )
      )
    )
    expect(ask(options, memory, queries, keys).loss).toBeCloseTo(0.5 * attracted - 2 * repelled, 5)
  })

  test('views may change places', () => {
    const options = { size: 6 }
    const [a, b, c] = queries as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D]
    const [k, l, m] = keys as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D]
    expect(ask(options, start(options), [a, b, c], [k, l, m]).loss).toBeCloseTo(
      ask(options, start(options), [c, a, b], [m, k, l]).loss,
      5
    )
  })

  test.each([
    [8, 4],
    [7, 3],
    [5, 4],
    [3, 8],
    [1, 2]
  ])('a queue of %i wraps under batches of %i: it holds the newest keys of the last view', (size, batch) => {
    let memory = start({ size })
    const seen: number[][] = []
    for (let step = 0; step < 6; step++) {
      const newest = rows(10 + step, batch)
      memory = ask(
        { size },
        memory,
        [rows(50 + step, batch), rows(60 + step, batch)],
        [rows(70 + step, batch), newest]
      ).memory
      seen.push(...unit(newest))
    }
    const sorted = (rows: number[][]): number[][] =>
      rows.map(row => row.map(x => Math.round(x * 1e5))).sort((a, b) => a[0]! - b[0]!)
    expect(sorted(memory.rows.arraySync())).toEqual(sorted(seen.slice(-size)))
    expect(memory.next).toBe((6 * batch) % size)
  })

  test('an empty queue repels nothing at first, then only keys that were seen', () => {
    const options = { size: 100, fill: 'empty', withinBatch: false, attraction: 0 } as const
    const first = ask(options, start(options), queries, keys)
    expect([Math.abs(first.loss), first.memory.filled]).toEqual([0, 5])
    const seen = unit(keys[2]!)
    const repelled = mean(
      queries.map(view =>
        mean(
          unit(view).map(row =>
            weighed(
              seen.map(key => squaredDistance(row, key)),
              -2
            )
          )
        )
      )
    )
    expect(ask(options, first.memory, queries, keys).loss).toBeCloseTo(-repelled, 5)
  })

  test('at collapse it costs exactly 0', () => {
    const same = tf.tile(tf.tensor2d([[0, 2, 0, 0]]), [5, 1]) as tf.Tensor2D
    const memory = { rows: tf.tile(tf.tensor2d([[0, 1, 0, 0]]), [6, 1]) as tf.Tensor2D, next: 0, filled: 6 }
    expect(ask({ size: 6 }, memory, [same, same], [same, same]).loss).toBe(0)
  })

  test('goes on from a copy of its memory as if nothing had happened, bit for bit', () => {
    const options = { size: 7, fill: 'empty' } as const
    const step = (memory: RowQueue, i: number): { loss: number; memory: RowQueue } =>
      ask(options, memory, [rows(i, 3), rows(i + 10, 3)], [rows(i + 20, 3), rows(i + 30, 3)])
    const run = (restart: (memory: RowQueue) => RowQueue): number[] => {
      let memory = start(options)
      const losses: number[] = []
      for (let i = 0; i < 6; i++) {
        const stepped = step(restart(memory), i)
        losses.push(stepped.loss)
        memory = stepped.memory
      }
      return [...losses, ...read(memory.rows), memory.next, memory.filled]
    }
    const copied = ({ rows, next, filled }: RowQueue): RowQueue => ({
      rows: tf.tensor2d(rows.dataSync().slice(), rows.shape),
      next,
      filled
    })
    expect(run(copied)).toEqual(run(memory => memory))
  })
})

describe('clear errors', () => {
  const z = tf.ones<tf.Rank.R2>([4, 3])
  const queue = cacrQueue({ size: 6 })
  const memory = queue.init(seeded(1), { embedding: [3] }).memory
  test.each<[() => unknown, string]>([
    [() => cacr({ attraction: -1 }), 'cacr: expected 0 or more for attraction, got -1. Try 1.'],
    [() => cacr({ repulsion: NaN }), 'cacr: expected 0 or more for repulsion, got NaN. Try 1.'],
    [
      () => cacrLoss(z, { negativeTemperature: Infinity }),
      'cacrLoss: expected 0 or more for negativeTemperature, got Infinity. Try 1.'
    ],
    [() => cacr({ rbfScale: 0 }), 'cacr: expected a rbfScale above 0, got 0. Try 2.'],
    [() => cacr({ classPrior: 1 }), 'cacr: expected a classPrior from 0 to below 1, got 1. Try 0.1 for ten classes.'],
    [
      () => cacr({ classPrior: 0.1, cost: 'rbf' }),
      'cacr: expected no classPrior with the rbf cost, got 0.1. Leave it out, or choose the euclidean cost.'
    ],
    [
      () => cacr({ reduction: 'none', cost: 'rbf' }),
      "cacr: expected the mean with the rbf cost, which is no mean over rows, got a reduction of 'none'. " +
        'Leave it out, or choose the euclidean cost.'
    ],
    [() => value(cacr(), [z]), 'cacr: expected two or more views of each example, got 1.'],
    [
      () => value(cacr(), [z, tf.ones([5, 3])]),
      'cacr: expected views of one shape [batch, dim], got [4, 3] and [5, 3].'
    ],
    [
      () => cacrLoss(z),
      'cacr: expected features [batch, views, ...] of two or more views, got [4, 3]. Stack the views along axis 1.'
    ],
    [
      () => cacrLoss(tf.ones([4, 1, 3])),
      'cacr: expected features [batch, views, ...] of two or more views, got [4, 1, 3].'
    ],
    [() => cacrMomentum({ temperature: 0 }), 'cacrMomentum: expected a temperature above 0, got 0. Try 0.1.'],
    [
      () => value(cacrMomentum(), [z, z]),
      'cacrMomentum: expected a target network, got none. Give the recipe target: { momentum: () => 0.99 }.'
    ],
    [() => cacrAgainst([z], z, { temperature: -1 }), 'cacrAgainst: expected a temperature above 0, got -1.'],
    [
      () => cacrAgainst([z], tf.ones([5, 3])),
      'cacrAgainst: expected views of one shape [batch, dim], got [4, 3] and [5, 3].'
    ],
    [() => cacrQueue({ size: 0 }), 'cacrQueue: expected a size of 1 or more keys, got 0. Try 4096.'],
    [
      () => cacrQueue({ positiveTemperature: -1 }),
      'cacrQueue: expected 0 or more for positiveTemperature, got -1. Try 1.'
    ],
    [
      () => queue.init(seeded(1), { embedding: [4, 4, 3] }),
      'cacrQueue: expected embeddings that are rows, got shape [4, 4, 3]. Pool or flatten in the head.'
    ],
    [
      () => queue.apply([z, z], { views: [z, z] }, { params: {}, memory }),
      'cacrQueue: expected a target network, got none.'
    ],
    [
      () => cacrQueue({ size: 5 }).apply([z, z], { views: [z, z], targets: [z, z] }, { params: {}, memory }),
      'cacrQueue: expected a queue of shape [5, 3], got [6, 3]. Restore it with the size it was saved with.'
    ],
    [
      () =>
        queue.apply(
          [tf.ones([4, 2]), tf.ones([4, 2])],
          { views: [z, z], targets: [tf.ones([4, 2]), tf.ones([4, 2])] },
          { params: {}, memory }
        ),
      'cacrQueue: expected a queue of shape [6, 2], got [6, 3].'
    ]
  ])('%s', (act, message) => expect(act).toThrow(message))
})
