import { seeded, vjp, type Batch, type Loss, type StatefulLoss, type Views } from '@lapstrake/core'
import { read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import {
  ab,
  activationBoundary,
  at,
  attentionTransfer,
  correlationCongruence,
  factorTransfer,
  flowOfSolution,
  ft,
  hint,
  kd,
  knowledgeDistillation,
  neuronSelectivity,
  probabilisticTransfer,
  relational,
  rkd,
  similarityPreserving,
  sp,
  variationalInformation,
  vid
} from './index.ts'

const random = (seed: number, ...shape: number[]): tf.Tensor => seeded(seed).normal(shape)
const number = (scalar: tf.Tensor): number => read(scalar)[0]!

describe('where student and teacher agree', () => {
  const features = random(1, 5, 4, 4, 3)
  const rows = random(2, 5, 6)
  test.each<[string, () => tf.Scalar]>([
    ['kd', () => knowledgeDistillation(rows, rows)],
    ['fitNet', () => hint(features, features)],
    ['at', () => attentionTransfer(features, features)],
    ['sp', () => similarityPreserving(features, features)],
    ['cc', () => correlationCongruence(rows, rows)],
    ['rkd', () => relational(rows, rows)],
    ['pkt', () => probabilisticTransfer(rows, rows)],
    ['ft', () => factorTransfer(features, features)],
    ['fsp', () => flowOfSolution([features, features], [features, features])],
    ['nst', () => neuronSelectivity(features, features)]
  ])('%s costs nothing', (_, loss) => expect(Math.abs(number(loss()))).toBeLessThan(1e-6))

  test('up to scale, for those that promise it', () => {
    const longer = tf.mul(rows, 3)
    expect(number(relational(longer, rows))).toBeCloseTo(0, 5)
    expect(number(probabilisticTransfer(longer, rows))).toBeCloseTo(0, 6)
    expect(number(attentionTransfer(tf.mul(features, 2), features))).toBeCloseTo(0, 6)
    expect(number(knowledgeDistillation(tf.add(rows, 7), rows))).toBeCloseTo(0, 5)
  })

  test('relations between rows do not change under rotation', () => {
    const turn = tf.tensor2d([
      [0.6, -0.8],
      [0.8, 0.6]
    ])
    const flat = random(3, 5, 2) as tf.Tensor2D
    expect(number(relational(tf.matMul(flat, turn), flat))).toBeCloseTo(0, 4)
    expect(number(similarityPreserving(tf.matMul(flat, turn), flat))).toBeCloseTo(0, 5)
  })
})

test('nst is the mean of (x · y)² over pairs of channels, whether places or channels are more', () => {
  for (const side of [2, 4]) {
    const [student, teacher] = [random(4, 3, side, side, 5), random(5, 3, side, side, 6)]
    const patterns = (maps: tf.Tensor): number[][][] => {
      const byChannel = (tf.transpose(tf.reshape(maps, [3, side * side, -1]), [0, 2, 1]) as tf.Tensor3D).arraySync()
      return byChannel.map(channels => channels.map(places => places.map(x => x / Math.hypot(...places))))
    }
    const alike = (a: number[][], b: number[][]): number =>
      a.reduce(
        (sum, x) => sum + b.reduce((inner, y) => inner + x.reduce((dot, value, p) => dot + value * y[p]!, 0) ** 2, 0),
        0
      ) /
      (a.length * b.length)
    const [s, t] = [patterns(student), patterns(teacher)]
    const expected = s.reduce((sum, x, i) => sum + alike(x, x) + alike(t[i]!, t[i]!) - 2 * alike(x, t[i]!), 0) / 3
    expect(number(neuronSelectivity(student, teacher))).toBeCloseTo(expected, 5)
  }
})

describe('edges', () => {
  test('huge logits stay finite, and the loss is what plain doubles give', () => {
    const [student, teacher] = [
      [80, -120, 3],
      [-50, 400, 1]
    ]
    const soften = (row: number[]): number[] => {
      const exps = row.map(x => Math.exp(x / 4 - Math.max(...row) / 4))
      const total = exps.reduce((a, b) => a + b)
      return exps.map(x => Math.log(x) - Math.log(total))
    }
    const [s, t] = [soften(student!), soften(teacher!)]
    const expected = 16 * t!.reduce((sum, log, i) => sum + Math.exp(log) * (log - s![i]!), 0)
    expect(number(knowledgeDistillation(tf.tensor2d([student!]), tf.tensor2d([teacher!]))) / expected).toBeCloseTo(1, 5)
    expect(Number.isFinite(number(knowledgeDistillation(tf.fill([2, 3], 1e4), tf.fill([2, 3], -1e4))))).toBe(true)
  })

  test.each<[string, (x: tf.Tensor, y: tf.Tensor) => tf.Scalar]>([
    ['cc', correlationCongruence],
    ['rkd', relational]
  ])('%s of a single example costs exactly zero, with a gradient of zero', (_, loss) => {
    const student = random(1, 1, 4)
    const { outputs, pull } = vjp(() => ({ outputs: [loss(student, random(2, 1, 4))], aux: null }), [student])
    expect(
      [...read(outputs), ...read(pull([tf.scalar(1)], [student], { last: true })[0])].every(value => value === 0)
    ).toBe(true)
  })

  test('rkd has a finite gradient for equal rows', () => {
    const student = tf.concat([random(1, 2, 4), random(1, 2, 4)])
    const { pull } = vjp(() => ({ outputs: [relational(student, random(2, 4, 4))], aux: null }), [student])
    expect(read(pull([tf.scalar(1)], [student], { last: true })[0]).every(Number.isFinite)).toBe(true)
  })

  test('maps whose sizes do not divide are pooled with even windows', () => {
    const student = tf.tensor4d([[1, 2, 3, 4, 5]].flat(), [1, 1, 5, 1])
    // Windows of 5 places in 3: {1, 2}, {2, 3, 4}, {4, 5}.
    expect(number(attentionTransfer(student, tf.tensor4d([1.5, 3, 4.5], [1, 1, 3, 1])))).toBeCloseTo(0, 6)
    expect(number(neuronSelectivity(random(1, 2, 5, 4, 3), random(2, 2, 3, 6, 2)))).toBeGreaterThan(0)
  })

  test('a scale of a hundred does not overflow vid', () => {
    const weights = [
      [3, 2],
      [2, 2],
      [2, 2]
    ].map(([from, to], i) => random(i, from!, to!))
    for (const scale of [100, -100]) {
      expect(
        Number.isFinite(
          number(variationalInformation(random(5, 4, 3), random(6, 4, 2), { weights, logScale: tf.fill([2], scale) }))
        )
      ).toBe(true)
    }
  })

  test('vid begins with the variance it was told', () => {
    const { params } = vid({ variance: 5 }).init(seeded(1), { embedding: [3], teacher: [2] })
    expect(number(tf.softplus(params.logScale))).toBeCloseTo(5, 4)
  })
})

describe('clear errors', () => {
  const views = (tensor: tf.Tensor): Views<tf.Tensor2D> => [tensor, tensor] as unknown as Views<tf.Tensor2D>
  const ask = (loss: Loss, student: tf.Tensor, teacher?: tf.Tensor): unknown => {
    const batch: Batch = { views: views(student), ...(teacher && { teacher: views(teacher) }) }
    return loss(views(student), batch)
  }
  const [a, b] = [random(1, 4, 5), random(2, 3, 5)]
  test.each<[() => unknown, string]>([
    [() => kd({ temperature: 0 }), 'kd: expected a temperature above 0, got 0.'],
    [() => at({ power: 0.5 }), 'at: expected a power that is a whole number from 1 to 64, got 0.5. Try 2.'],
    [() => ft({ difference: 0 }), 'ft: expected a power that is a whole number from 1 to 64, got 0. Try 2.'],
    [() => ab({ margin: 0 }), 'ab: expected a margin above 0, got 0. Try 1.'],
    [() => vid({ variance: 0 }), 'vid: expected a variance above epsilon, got 0 and 0.00001.'],
    [() => vid().init(seeded(1), { embedding: [3] }), 'vid: expected a teacher, got none.'],
    [() => ask(sp(), a), 'sp: expected a teacher, got none. Give the recipe teacher: { backbone, weights }.'],
    [
      () => sp()(views(a), { views: views(a), teachers: { wide: views(a), deep: views(a) } }),
      "sp: expected one teacher, got several by name, wide, deep. Choose one: ofTeacher('wide', sp())."
    ],
    [
      () => vid().init(seeded(1), { embedding: [3], teachers: { wide: [3] } }),
      "vid: expected one teacher, got several by name, wide. Choose one: ofTeacher('wide', vid())."
    ],
    [
      () => sp()(views(a), { views: views(a), teacher: [a] as unknown as Views }),
      'sp: expected student and teacher to see the same views, got 2 and 1.'
    ],
    [() => ask(sp(), a, b), 'sp: expected student and teacher to see the same examples, got batches of 4 and 3.'],
    [() => ask(rkd(), a, b), 'rkd: expected student and teacher to see the same examples, got batches of 4 and 3.'],
    [
      () => ask(kd(), a, random(2, 4, 6)),
      'kd: expected student and teacher of one shape, got [4, 5] and [4, 6]. ' +
        "Let the head bring the student to the teacher's."
    ],
    [() => ask(at(), a, a), 'at: expected maps [batch, height, width, channels], got [4, 5] and [4, 5].'],
    [() => activationBoundary([a], []), 'ab: expected as many layers of the student as of the teacher, got 1 and 0.'],
    [
      () => flowOfSolution([a], [a]),
      'fsp: expected two layers or more, as many of the student as of the teacher, got 1 and 1.'
    ],
    [
      () =>
        flowOfSolution([random(1, 2, 2, 2, 3), random(1, 2, 2, 2, 3)], [random(1, 2, 2, 2, 4), random(1, 2, 2, 2, 3)]),
      'fsp: expected layers of the same channels, got 3 and 3 for the student, 3 and 4 for the teacher.'
    ]
  ])('%s', (act, message) => expect(act).toThrow(message))

  test('vid needs a teacher of the same examples', () => {
    const loss = vid() as unknown as StatefulLoss
    const variables = loss.init(seeded(1), { embedding: [5], teacher: [5] })
    expect(() => loss.apply(views(a), { views: views(a), teacher: views(b) }, variables)).toThrow(
      'vid: expected student and teacher to see the same examples'
    )
  })
})
