import { leaves, own, seeded, vjp, type Batch, type LossShapes, type StatefulLoss, type Views } from '@lapstrake/core'
import { gradientError, read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { contrastSampler } from './contrast-sampler.ts'
import { crdLoss } from './crd-loss.ts'
import { crd, crdInBatch, crdQueue } from './index.ts'

const shapes: LossShapes = { embedding: [5], teacher: [7] }
const batchOf = (rows: number, seed = 1): { embeddings: Views<tf.Tensor2D>; batch: Batch } => {
  const embeddings = [1, 2].map(v =>
    seeded(seed).split('student', v).normal([rows, 5])
  ) as unknown as Views<tf.Tensor2D>
  const teacher = [1, 2].map(v => seeded(seed).split('teacher', v).normal([rows, 7])) as unknown as Views
  return { embeddings, batch: { views: embeddings, teacher, indices: tf.range(0, rows, 1, 'int32') as tf.Tensor1D } }
}

describe('what is contrasted', () => {
  const indices = tf.tensor1d([0, 3, 9, 3], 'int32')
  const draw = (options: Parameters<typeof contrastSampler>[0]): number[][] =>
    contrastSampler(options)(seeded(4), indices).arraySync()

  test('without labels: the example itself first, then any other, evenly, the same for the same randomness', () => {
    const places = draw({ examples: 10, negatives: 2000 })
    expect(draw({ examples: 10, negatives: 2000 })).toEqual(places)
    places.forEach(([positive, ...negatives], i) => {
      expect(positive).toBe([0, 3, 9, 3][i])
      expect(negatives).not.toContain(positive)
      for (let place = 0; place < 10; place++) {
        if (place !== positive) expect(negatives.filter(other => other === place).length / 2000).toBeCloseTo(1 / 9, 1)
      }
    })
  })

  test('with labels: negatives of other classes only, and relaxed positives of the same', () => {
    const labels = [2, 0, 0, 1, 1, 2, 0, 1, 2, 2]
    const places = draw({ examples: 10, negatives: 500, labels, positive: 'relaxed' })
    const own = [0, 3, 9, 3].map(place => labels[place])
    places.forEach(([positive, ...negatives], i) => {
      expect(labels[positive!]).toBe(own[i])
      expect(negatives.some(place => labels[place] === own[i])).toBe(false)
      expect(new Set(negatives).size).toBe(labels.filter(label => label !== own[i]).length)
    })
  })

  test('examples of unknown class are each a class of their own: any other may be their negative', () => {
    const labels = [-1, 0, 0, -1, 0, -1, 0, 1, -1, -1]
    draw({ examples: 10, negatives: 500, labels, positive: 'relaxed' }).forEach(([positive, ...negatives], i) => {
      const own = [0, 3, 9, 3][i]!
      expect(positive).toBe(own)
      expect([...new Set(negatives)].sort((a, b) => a - b)).toEqual(
        Array.from({ length: 10 }, (_, place) => place).filter(place => place !== own)
      )
    })
    expect(draw({ examples: 10, negatives: 500, labels: labels.map(() => -1) })).toHaveLength(4)
  })

  test('labels of the data set draw what the same labels draw that were given', () => {
    const labels = Int32Array.of(0, 1, 2, 0, 1, 2, -1, 0)
    const { embeddings, batch } = batchOf(4)
    const lossOf = (loss: ReturnType<typeof crd>, shapes: LossShapes): number[] =>
      read(loss.apply(embeddings, batch, loss.init(seeded(1), shapes)).loss)
    const options = { negatives: 6, dim: 3 }
    const ofData = lossOf(crd({ ...options, labels: 'data' }), { ...shapes, examples: 8, labels })
    expect(ofData).toEqual(lossOf(crd({ ...options, labels }), { ...shapes, examples: 8 }))
    expect(ofData).not.toEqual(lossOf(crd(options), { ...shapes, examples: 8, labels }))
  })
})

describe('memory', () => {
  const loss = crd({ examples: 8, negatives: 4, dim: 3 })

  test('first rows are about of length one; a row moves towards the new one and keeps length one; others stay', () => {
    const { params, memory } = crd({ examples: 2000, negatives: 4 }).init(seeded(1), shapes)
    expect(read(tf.mean(tf.sum(tf.square(memory.banks.student), 1)))[0]).toBeCloseTo(1, 1)
    expect(params.student.weights.shape).toEqual([5, 128])
    const first = loss.init(seeded(1), shapes)
    const { embeddings, batch } = batchOf(3)
    const next = loss.apply(embeddings, batch, first).memory
    read(tf.sum(tf.square(tf.slice(next.banks.student, 0, 3)), 1)).forEach(length => expect(length).toBeCloseTo(1, 5))
    expect(read(tf.slice(next.banks.teacher, 3))).toEqual(read(tf.slice(first.memory.banks.teacher, 3)))
  })

  test('normalisers are set by the first batch and stay', () => {
    const first = loss.init(seeded(1), shapes)
    const one = loss.apply(batchOf(3).embeddings, batchOf(3).batch, first).memory
    const two = loss.apply(batchOf(3, 9).embeddings, batchOf(3, 9).batch, { params: first.params, memory: one }).memory
    expect(read(one.logNormalisers)).not.toEqual(read(first.memory.logNormalisers))
    expect(read(two.logNormalisers)).toEqual(read(one.logNormalisers))
    expect([one.calls, two.calls, two.key]).toEqual([1, 2, first.memory.key])
  })

  test('with normalisers set, the gradient agrees with finite differences', () => {
    const { banks } = loss.init(seeded(1), shapes).memory
    const logNormalisers = { student: tf.scalar(3), teacher: tf.scalar(2) }
    const contrast = tf.tensor2d(
      [
        [0, 5, 6],
        [1, 5, 2],
        [2, 7, 7]
      ],
      undefined,
      'int32'
    )
    const f = (student: tf.Tensor, teacher: tf.Tensor): tf.Scalar =>
      crdLoss(
        {
          student: student as tf.Tensor2D,
          teacher: teacher as tf.Tensor2D,
          banks,
          logNormalisers,
          contrast,
          indices: tf.tensor1d([0, 1, 2], 'int32')
        },
        { temperature: 0.3 }
      ).loss
    expect(
      gradientError(f as Parameters<typeof gradientError>[0], [seeded(1).normal([3, 3]), seeded(2).normal([3, 3])])
    ).toBeLessThan(0.02)
  })

  test('of an example that occurs twice the last row stays', () => {
    const { banks } = loss.init(seeded(1), shapes).memory
    const [student, teacher] = [seeded(1).normal([3, 3]), seeded(2).normal([3, 3])] as [tf.Tensor2D, tf.Tensor2D]
    const update = (rows: number[], indices: number[]): number[] =>
      read(
        crdLoss({
          student: tf.gather(student, rows),
          teacher: tf.gather(teacher, rows),
          banks,
          indices: tf.tensor1d(indices, 'int32'),
          contrast: tf.tensor2d(
            indices.map(place => [place, 7]),
            undefined,
            'int32'
          )
        }).banks.student
      )
    expect(update([0, 1, 2], [4, 4, 4])).toEqual(update([2], [4]))
  })

  test("the teacher's question teaches the student nothing, and the student's the teacher nothing", () => {
    const { params, memory } = loss.init(seeded(1), shapes)
    const { embeddings, batch } = batchOf(3)
    const teacher = batch.teacher!
    const wanted = [...embeddings, ...teacher, params.student.weights, params.teacher.weights]
    const { pull } = vjp(
      () => ({ outputs: [loss.apply(embeddings, batch, { params, memory }).loss], aux: null }),
      wanted
    )
    expect(
      pull([tf.scalar(1)], wanted, { last: true }).every(gradient => read(gradient).some(value => value !== 0))
    ).toBe(true)
  })
})

test('in the batch, equal rows cost log(rows) and a queue adds its own; a single row costs exactly zero', () => {
  const same = {
    embeddings: [tf.ones([2, 5]), tf.ones([2, 5])] as unknown as Views<tf.Tensor2D>,
    teacher: [tf.ones([2, 7]), tf.ones([2, 7])] as unknown as Views
  }
  const batch = { views: same.embeddings, teacher: same.teacher }
  const inBatch = crdInBatch({ dim: 4 })
  expect(read(inBatch.apply(same.embeddings, batch, inBatch.init(seeded(1), shapes)).loss)[0]).toBeCloseTo(
    Math.log(4),
    5
  )
  const queued = crdQueue({ dim: 4, size: 6 })
  let variables = queued.init(seeded(1), shapes)
  const losses = [0, 1, 2, 3].map(() => {
    const { loss, memory } = own(() => queued.apply(same.embeddings, batch, variables))
    variables = { params: variables.params, memory }
    return read(loss)[0]!
  })
  losses.forEach((loss, i) => expect(loss).toBeCloseTo(Math.log(4 + Math.min(6, 4 * i)), 5))
  const one = [tf.ones([1, 5])] as unknown as Views<tf.Tensor2D>
  expect(
    read(
      inBatch.apply(
        one,
        { views: one, teacher: [tf.ones([1, 7])] as unknown as Views },
        inBatch.init(seeded(1), shapes)
      ).loss
    )
  ).toEqual([0])
})

describe('clear errors', () => {
  const { embeddings, batch } = batchOf(3)
  const small = crd({ examples: 10, negatives: 4, dim: 3 })
  const apply = (loss: StatefulLoss = small as unknown as StatefulLoss, given: Batch = batch): unknown =>
    loss.apply(embeddings, given, loss.init(seeded(1), shapes))
  const { teacher, ...alone } = batch
  const { indices, ...unplaced } = batch
  test.each<[() => unknown, string]>([
    [() => crd({ temperature: 0 }), 'crd: expected a temperature above 0, got 0.'],
    [() => crd({ momentum: 1 }), 'crd: expected a momentum from 0 to below 1, got 1. Try 0.5.'],
    [() => crd({ examples: 10, negatives: 0 }), 'crd: expected 1 or more negatives, got 0.'],
    [() => crd({ examples: 10, positive: 'relaxed' }), 'crd: expected labels for relaxed positives, got none.'],
    [() => crd({ examples: 10, labels: [1, 2] }), 'crd: expected 10 labels, one for each example, got 2.'],
    ...[NaN, 0.5, -2, 2 ** 31, Infinity, '1' as unknown as number].flatMap(label =>
      [{ examples: 4 }, {}].map((more): [() => unknown, string] => [
        () => crd({ ...more, negatives: 2, labels: [0, label, 1, 1] }),
        'crd: expected labels that are whole numbers from 0 to 2147483647, or -1 where a class is unknown, ' +
          `got ${label} for example 1.`
      ])
    ),
    ...[0.5, 0, 65537, NaN].flatMap(dim =>
      Object.entries({ crd, crdInBatch, crdQueue }).map(([name, make]): [() => unknown, string] => [
        () => make({ dim }),
        `${name}: expected a dim that is a whole number from 1 to 65536, got ${dim}.`
      ])
    ),
    [() => crd({ labels: 'dta' as 'data' }), 'crd: expected labels to be a list or \'data\', got "dta".'],
    [
      () => crd({ labels: 'data' }).init(seeded(1), { ...shapes, examples: 8 }),
      'crd: expected data with classes, for labels are those of the data, got none. Leave labels out'
    ],
    [
      () => crd({ labels: 'data' }).init(seeded(1), { ...shapes, examples: 3, labels: [1, 1, 1] }),
      'crd: expected labels of two classes or more, got one.'
    ],
    [() => crdQueue({ size: 0.5 }), 'crdQueue: expected a size of 1 or more rows, got 0.5. Try 4096.'],
    [() => crd({ examples: 3, labels: [1, 1, 1] }), 'crd: expected labels of two classes or more, got one.'],
    [
      () => crd().init(seeded(1), shapes),
      'crd: expected to know how many examples there are, got nothing. Give it crd({ examples: dataset.size }).'
    ],
    [
      () => small.init(seeded(1), { ...shapes, examples: 50 }),
      'crd: expected a bank of 50 rows, for indices go up to 49, got 10.'
    ],
    [
      () => small.init(seeded(1), { embedding: [5] }),
      'crd: expected a teacher, got none. Give the recipe teacher: { backbone, weights }.'
    ],
    [() => apply(small as unknown as StatefulLoss, alone), 'crd: expected a teacher, got none.'],
    [() => apply(small as unknown as StatefulLoss, unplaced), 'crd: expected indices in the batch, got none.'],
    [
      () => apply(small as unknown as StatefulLoss, { ...batch, teacher: batchOf(4).batch.teacher! }),
      'crd: expected student and teacher to see the same views of the same examples, got batches of 3, 3 and 4, 4.'
    ],
    [() => apply(crdInBatch() as unknown as StatefulLoss, alone), 'crdInBatch: expected a teacher, got none.'],
    [() => crdQueue({ size: 0 }), 'crdQueue: expected a size of 1 or more rows, got 0. Try 4096.']
  ])('%s', (act, message) => expect(act).toThrow(message))
  void [teacher, indices]
})

test('a single row teaches both projections exactly nothing, and leaves neither without a gradient', () => {
  const {
    embeddings: [student],
    batch: { teacher }
  } = batchOf(1)
  const loss = crdInBatch({ dim: 4 })
  const { params, memory } = loss.init(seeded(1), shapes)
  const alone = [student] as unknown as Views<tf.Tensor2D>
  const weights = leaves<tf.Tensor>(params)
  const { pull } = vjp(
    () => ({
      outputs: [
        loss.apply(alone, { views: alone, teacher: [teacher![0]] as unknown as Views }, { params, memory }).loss
      ],
      aux: null
    }),
    weights
  )
  for (const gradient of pull([tf.scalar(1)], weights, { last: true })) {
    expect(gradient).toBeDefined()
    expect(read(gradient).every(value => value === 0)).toBe(true)
  }
})
