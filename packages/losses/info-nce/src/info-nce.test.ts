import '@tensorflow/tfjs-backend-cpu'
import { seeded, vjp, type Loss, type RowLoss, type Views } from '@lapstrake/core'
import type { RowQueue } from '@lapstrake/embeddings'
import { read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { dcl, debiased, hardNegatives, infoNCE, infoNCEAgainst, moco, ntXent } from './index.ts'

test("reduction: 'none' gives rows, for the compiler too", () => {
  const [loss, rows]: [Loss, RowLoss] = [infoNCE(), infoNCE({ reduction: 'none' })]
  // @ts-expect-error Rows are no loss.
  const refused: Loss = infoNCE({ reduction: 'none' })
  const [a, b] = [tf.eye(3), tf.ones([3, 3]) as tf.Tensor2D]
  const batch = { views: [a, b] as const }
  expect([loss, rows, refused].map(one => one([a, b], batch).shape)).toEqual([[], [3], [3]])
  const weights = tf.tensor1d([1, 0, 2])
  const weighed: Loss = (embeddings, batch) => tf.mean(tf.mul(rows(embeddings, batch), weights))
  const costs = read(rows([a, b], batch))
  expect(read(weighed([a, b], batch))[0]).toBeCloseTo((costs[0]! + 2 * costs[2]!) / 3, 6)
})

const views = (...tensors: tf.Tensor[]): Views<tf.Tensor2D> => tensors as unknown as Views<tf.Tensor2D>
const value = (loss: ReturnType<typeof ntXent>, ...tensors: tf.Tensor[]): number =>
  read(loss(views(...tensors), { views: views(...tensors) }))[0]!

describe('values worked out by hand', () => {
  test.each([
    [1, 0.5514447139],
    [0.5, 0.2395447662],
    [0.2, 0.0133859017]
  ])('ntXent of two orthogonal pairs at temperature %f costs log(1 + 2e^(-1/t))', (temperature, expected) => {
    expect(value(ntXent({ temperature }), tf.eye(2), tf.eye(2))).toBeCloseTo(expected, 6)
    expect(Math.log(1 + 2 * Math.exp(-1 / temperature))).toBeCloseTo(expected, 9)
  })

  test('at collapse ntXent costs log(views · batch - 1)', () => {
    const same = tf.ones([5, 3])
    expect(value(ntXent(), same, same)).toBeCloseTo(Math.log(9), 6)
    expect(value(ntXent(), same, same, same)).toBeCloseTo(Math.log(14), 6)
  })

  test('at collapse infoNCE costs log(batch), and against M negatives log(M + 1)', () => {
    const same = tf.ones<tf.Rank.R2>([5, 3])
    expect(value(infoNCE(), same, same)).toBeCloseTo(Math.log(5), 6)
    expect(read(infoNCEAgainst(same, same, tf.ones<tf.Rank.R2>([7, 3])))[0]).toBeCloseTo(Math.log(8), 6)
  })

  test('with one example nothing is comparable: exactly zero, and so is the gradient', () => {
    const given = [seeded(1).normal([1, 3]), seeded(2).normal([1, 3])]
    for (const loss of [ntXent(), infoNCE()]) {
      const { outputs, pull } = vjp(
        () => ({ outputs: [loss(views(...given), { views: views(...given) })], aux: null }),
        given
      )
      expect(read(outputs)).toEqual([0])
      expect(
        pull([tf.scalar(1)], given, { last: true })
          .flatMap(read)
          .every(value => value === 0)
      ).toBe(true)
    }
  })

  test('infoNCE: two orthogonal pairs cost log(1 + e^(-1/t))', () => {
    expect(value(infoNCE({ temperature: 1 }), tf.eye(2), tf.eye(2))).toBeCloseTo(Math.log(1 + 1 / Math.E), 6)
  })
})

test.each([2, 3, 4])('ntXent of %i views agrees with the formula written as plain loops', count => {
  const rows = Array.from({ length: count }, (_, v) => seeded(v).normal([4, 5]))
  const unit = (row: number[]): number[] => row.map(x => x / Math.hypot(...row))
  const z = rows.map(view => (view.arraySync() as number[][]).map(unit))
  const similarity = (a: number[], b: number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0) / 0.3
  let total = 0
  for (let v = 0; v < count; v++) {
    for (let i = 0; i < 4; i++) {
      let denominator = 0
      for (let w = 0; w < count; w++)
        for (let j = 0; j < 4; j++) if (v !== w || i !== j) denominator += Math.exp(similarity(z[v]![i]!, z[w]![j]!))
      for (let w = 0; w < count; w++)
        if (w !== v) total += (Math.log(denominator) - similarity(z[v]![i]!, z[w]![i]!)) / (count - 1)
    }
  }
  expect(value(ntXent({ temperature: 0.3 }), ...rows)).toBeCloseTo(total / (4 * count), 5)
})

test('a row of zeros gets a gradient of zeros', () => {
  const given = [
    tf.tensor2d([
      [0, 0],
      [1, 2],
      [3, -1]
    ]),
    tf.tensor2d([
      [1, 1],
      [2, 1],
      [0, 1]
    ])
  ]
  for (const loss of [ntXent({ temperature: 0.01 }), infoNCE({ temperature: 0.01 })]) {
    const { pull } = vjp(() => ({ outputs: [loss(views(...given), { views: views(...given) })], aux: null }), given)
    expect(
      read(pull([tf.scalar(1)], given, { last: true })[0])
        .slice(0, 2)
        .map(Math.abs)
    ).toEqual([0, 0])
  }
})

test('infoNCE against the rows of the other examples is infoNCE within the batch', () => {
  const [query, key] = [seeded(1).normal([3, 4]), seeded(2).normal([3, 4])] as [tf.Tensor2D, tf.Tensor2D]
  const others = tf.stack(
    [
      [1, 2],
      [0, 2],
      [0, 1]
    ].map(rows => tf.gather(key, rows))
  ) as tf.Tensor3D
  expect(read(infoNCEAgainst(query, key, others))[0]).toBeCloseTo(value(infoNCE(), query, key), 5)
})

test('ntXent keeps no matrix of similarities for its backward pass', () => {
  const rows = 128
  const given = [seeded(1).normal([rows, 8]), seeded(2).normal([rows, 8])]
  const before = tf.memory().numBytes
  const { outputs, dispose } = vjp(
    () => ({ outputs: [ntXent()(views(...given), { views: views(...given) })], aux: null }),
    given
  )
  const kept = tf.memory().numBytes - before
  const matrix = (2 * rows) ** 2 * 4
  expect(kept).toBeLessThan(matrix / 2)
  dispose()
  outputs[0]!.dispose()
  expect(tf.memory().numBytes).toBe(before)
})

test('tiles of any size give the value and gradient of the whole, also with three views', () => {
  const given = [1, 2, 3].map(seed => seeded(seed).normal([7, 6]))
  const run = (chunk?: number): number[] => {
    const { outputs, pull } = vjp(
      () => ({
        outputs: [ntXent({ temperature: 0.2, ...(chunk && { chunk }) })(views(...given), { views: views(...given) })],
        aux: null
      }),
      given
    )
    return [...outputs, ...pull([tf.scalar(1)], given, { last: true })].flatMap(read)
  }
  const whole = run()
  for (const chunk of [1, 4, 7, 20, 21, 1000])
    run(chunk).forEach((value, i) => expect(Math.abs(value - whole[i]!)).toBeLessThan(1e-5))
})

describe('corrections of the denominator', () => {
  const [a, b] = [seeded(1).normal([5, 4]), seeded(2).normal([5, 4])]
  test('without a class prior and concentration, debiased is NT-Xent', () => {
    expect(value(debiased({ temperature: 0.4, classPrior: 0 }), a, b)).toBeCloseTo(
      value(ntXent({ temperature: 0.4 }), a, b),
      5
    )
    expect(value(hardNegatives({ temperature: 0.4, classPrior: 0, concentration: 0 }), a, b)).toBeCloseTo(
      value(ntXent({ temperature: 0.4 }), a, b),
      5
    )
  })

  test('hardNegatives agrees with the formula written as plain loops', () => {
    const [t, tau, beta, batch] = [0.5, 0.1, 1.5, 5]
    const unit = [a, b].flatMap(view =>
      (view.arraySync() as number[][]).map(row => row.map(x => x / Math.hypot(...row)))
    )
    const s = (i: number, j: number): number => unit[i]!.reduce((sum, x, d) => sum + x * unit[j]![d]!, 0) / t
    let total = 0
    for (let i = 0; i < 2 * batch; i++) {
      const others = unit
        .map((_, j) => j)
        .filter(j => j % batch !== i % batch)
        .map(j => s(i, j))
      const positive = s(i, (i + batch) % (2 * batch))
      const weights = others.map(value => Math.exp(beta * value))
      const mean = weights.reduce((sum, w) => sum + w, 0) / weights.length
      const reweighted = others.reduce((sum, value, k) => sum + (weights[k]! / mean) * Math.exp(value), 0)
      const count = others.length
      const corrected = Math.max((reweighted - count * tau * Math.exp(positive)) / (1 - tau), count * Math.exp(-1 / t))
      total -= Math.log(Math.exp(positive) / (Math.exp(positive) + corrected))
    }
    expect(value(hardNegatives({ temperature: t, classPrior: tau, concentration: beta }), a, b)).toBeCloseTo(
      total / (2 * batch),
      5
    )
  })

  test('at collapse dcl costs log(2 · batch − 2)', () => {
    expect(value(dcl(), tf.ones([5, 3]), tf.ones([5, 3]))).toBeCloseTo(Math.log(8), 5)
  })

  test('with one example nothing is comparable: exactly zero', () => {
    for (const loss of [dcl(), debiased(), hardNegatives()])
      expect(value(loss, tf.ones([1, 3]), tf.ones([1, 3]))).toBe(0)
  })
})

describe('moco', () => {
  const ask = (
    loss: ReturnType<typeof moco>,
    memory: RowQueue,
    query: tf.Tensor2D,
    key: tf.Tensor2D
  ): { loss: number; memory: RowQueue } => {
    const result = loss.apply([query, query], { views: [query, query], targets: [key, key] }, { params: {}, memory })
    return { loss: read(result.loss)[0]!, memory: result.memory }
  }
  const start = (loss: ReturnType<typeof moco>, dim = 4): RowQueue => loss.init(seeded(1), { embedding: [dim] }).memory
  const rows = (seed: number, count: number): tf.Tensor2D => seeded(seed).normal([count, 4]) as tf.Tensor2D

  test.each([
    [8, 4],
    [7, 3],
    [5, 4],
    [3, 8],
    [1, 2]
  ])('a queue of %i wraps under batches of %i: it holds the newest keys', (size, batch) => {
    const loss = moco({ size })
    let memory = start(loss)
    const seen: number[][] = []
    for (let step = 0; step < 6; step++) {
      const keys = rows(10 + step, batch)
      memory = ask(loss, memory, rows(50 + step, batch), keys).memory
      seen.push(...keys.arraySync().map(row => row.map(x => x / Math.hypot(...row))))
    }
    const sorted = (rows: number[][]): number[][] =>
      rows.map(row => row.map(x => Math.round(x * 1e5))).sort((a, b) => a[0]! - b[0]!)
    expect(sorted(memory.rows.arraySync())).toEqual(sorted(seen.slice(-size)))
    expect(memory.next).toBe((6 * batch) % size)
  })

  test('its first queue is of unit rows; all equal costs log(size + 1)', () => {
    const loss = moco({ size: 9, temperature: 0.2 })
    const memory = start(loss)
    read(tf.sum(tf.square(memory.rows), 1)).forEach(length => expect(length).toBeCloseTo(1, 5))
    const same = tf.ones<tf.Rank.R2>([2, 4])
    expect(ask(loss, { ...memory, rows: tf.fill([9, 4], 0.5) }, same, same).loss).toBeCloseTo(Math.log(10), 5)
  })

  test('an empty queue costs nothing at first, then counts only keys that were seen', () => {
    const loss = moco({ size: 100, fill: 'empty', temperature: 0.5 })
    const first = ask(loss, start(loss), rows(1, 3), rows(2, 3))
    expect([first.loss, first.memory.filled]).toEqual([0, 3])
    const second = ask(loss, first.memory, rows(3, 3), rows(4, 3))
    expect(second.loss).toBeCloseTo(
      read(infoNCEAgainst(rows(3, 3), rows(4, 3), rows(2, 3), { temperature: 0.5 }))[0]!,
      5
    )
  })

  test('wants a momentum encoder, and a queue of its own size and width', () => {
    const loss = moco({ size: 6 })
    const z = rows(1, 3)
    expect(() => loss.apply([z, z], { views: [z, z] }, { params: {}, memory: start(loss) })).toThrow(
      'moco: expected a target network, got none.'
    )
    expect(() => ask(moco({ size: 5 }), start(loss), z, z)).toThrow(
      'moco: expected a queue of 5 keys, got one of 6. Restore it with the size it was saved with.'
    )
    expect(() => ask(loss, start(loss, 3), z, z)).toThrow('infoNCEAgainst: expected query and positive [batch, dim]')
    expect(() => moco({ size: 0 })).toThrow('moco: expected a size of 1 or more keys, got 0. Try 4096.')
  })
})

describe('clear errors', () => {
  const z = tf.ones([4, 3])
  test.each<[() => unknown, string]>([
    [() => ntXent({ temperature: 0 }), 'ntXent: expected a temperature above 0, got 0. Try 0.1.'],
    [() => infoNCE({ temperature: NaN }), 'infoNCE: expected a temperature above 0, got NaN.'],
    [() => value(ntXent(), z), 'ntXent: expected two or more views of each example, got 1.'],
    [
      () => value(ntXent(), z, tf.ones([5, 3])),
      'ntXent: expected views of one shape [batch, dim], got [4, 3] and [5, 3].'
    ],
    [() => ntXent({ chunk: 0.5 }), 'ntXent: expected a chunk of 1 or more rows, got 0.5. Try 256, or leave it out.'],
    [
      () => debiased({ classPrior: 1 }),
      'debiased: expected a classPrior from 0 to below 1, got 1. Try 0.1 for ten classes.'
    ],
    [
      () => hardNegatives({ concentration: -1 }),
      'hardNegatives: expected a concentration of 0 or more, got -1. Try 1.'
    ],
    [() => dcl({ temperature: -1 }), 'dcl: expected a temperature above 0, got -1.'],
    [
      () => value(dcl(), z, z, z),
      'dcl: expected two views, got 3. For more views use a loss that takes them, such as ntXent() or vicReg().'
    ],
    [
      () => value(infoNCE(), z, z, z),
      'infoNCE: expected two views, got 3. For more views use a loss that takes them, such as ntXent() or vicReg().'
    ],
    [
      () => infoNCEAgainst(z as tf.Tensor2D, z as tf.Tensor2D, tf.ones<tf.Rank.R2>([7, 2])),
      'infoNCEAgainst: expected query and positive [batch, dim]'
    ]
  ])('%s', (act, message) => expect(act).toThrow(message))
})
