import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import {
  createTrainer,
  dispose,
  own,
  seeded,
  stateless,
  type Batch,
  type Loss,
  type Recipe,
  type Stage,
  type Teacher,
  type TeacherVariables,
  type Trainer
} from './index.ts'

const dense = (name: string, dim: number): Stage =>
  stateless(name, {
    init: (random, [inputs]) => ({ params: { weights: random.normal([inputs!, dim]) }, outputShape: [dim] }),
    apply: ({ weights }, x) => tf.matMul(x as tf.Tensor2D, weights as tf.Tensor2D)
  })
const teacher: Teacher = {
  backbone: { name: 'wise', stages: [dense('t0', 4), dense('t1', 6)] },
  head: dense('logits', 3)
}
const weights = (): TeacherVariables => {
  const [t0, t1, head] = (
    [
      [5, 4],
      [4, 6],
      [6, 3]
    ] as [number, number][]
  ).map((shape, i) => ({ params: { weights: seeded(20 + i).normal(shape) }, buffers: {} }))
  return { stages: [t0!, t1!], head: head! }
}
const batch: Batch = { views: [seeded(1).normal([2, 5]), seeded(2).normal([2, 5])] }
const seen: Record<string, number[][]> = {}
const watching =
  (name: string): Loss =>
  ([a], { teacher }) => {
    seen[name] = teacher!.map(view => [...view.shape, ...view.dataSync()])
    return tf.mean(tf.square(a))
  }
const recipe = (taught?: Teacher): Recipe => ({
  backbone: { name: 'student', stages: [dense('a', 3), dense('b', 3)] },
  isolation: () => [
    { start: 0, end: 1 },
    { start: 1, end: 2 }
  ],
  head: () => dense('head', 2),
  loss: (_, i) => watching(`unit${i}`),
  optimizer: { init: () => ({}), update: (_, state, params) => ({ params, state }) },
  ...(taught && { teacher: taught })
})
const step = (trainer: Trainer): void => {
  const { state, losses } = trainer.step(trainer.init(seeded(1)), batch)
  dispose(losses)
  dispose(state)
}
const expected = (names: number, view: 0 | 1): number[] => {
  const { stages, head } = weights()
  const all = [...stages, head!].slice(0, names).map(({ params }) => (params as { weights: tf.Tensor }).weights)
  const result = own(() =>
    all.reduce<tf.Tensor>((x, w) => tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D), batch.views[view]!)
  )
  return [...result.shape, ...result.dataSync()]
}

test("every unit sees the teacher's head or the stage it asks for, of each view; nothing of it is kept", () => {
  const frozen = weights()
  const trainer = createTrainer(recipe(teacher), { inputShape: [5], teacher: frozen })
  const before = tf.memory().numTensors
  step(trainer)
  expect(tf.memory().numTensors).toBe(before)
  expect(seen).toEqual({ unit0: [expected(3, 0), expected(3, 1)], unit1: [expected(3, 0), expected(3, 1)] })
  step(createTrainer(recipe({ ...teacher, reads: ({ end }) => end }), { inputShape: [5], teacher: frozen }))
  expect(seen).toEqual({ unit0: [expected(1, 0), expected(1, 1)], unit1: [expected(2, 0), expected(2, 1)] })
})

test("a loss may build itself for the teacher's shape", () => {
  const shapes: unknown[] = []
  const trainer = createTrainer(
    {
      ...recipe({ ...teacher, reads: ({ end }) => (end === 1 ? 2 : 'head') }),
      loss: () => ({
        init: (_, given) => {
          shapes.push(given)
          return { params: {}, memory: {} }
        },
        apply: ([a], _, { memory }) => ({ loss: tf.mean(a), memory })
      })
    },
    { inputShape: [5], teacher: weights() }
  )
  trainer.init(seeded(1))
  expect(shapes).toEqual([
    { embedding: [2], teacher: [6] },
    { embedding: [2], teacher: [3] }
  ])
})

test.each<[string, () => unknown, string]>([
  [
    'no weights',
    () => createTrainer(recipe(teacher), { inputShape: [5] }),
    'teacher: expected the variables of 2 stages and a head, got none.'
  ],
  [
    'too few weights',
    () => createTrainer(recipe(teacher), { inputShape: [5], teacher: { stages: weights().stages } }),
    'teacher: expected the variables of 2 stages and a head, got those of 2 stages.'
  ],
  [
    'a stage it does not have',
    () => createTrainer(recipe({ ...teacher, reads: () => 7 }), { inputShape: [5], teacher: weights() }),
    'teacher: expected unit "unit0" to read 0 to 2 stages or the head, got 7.'
  ],
  [
    'a head it does not have',
    () =>
      createTrainer(recipe({ backbone: teacher.backbone, reads: () => 'head' }), {
        inputShape: [5],
        teacher: { stages: weights().stages }
      }),
    'teacher: expected unit "unit0" to read 0 to 2 stages, got head.'
  ]
])('clear errors: %s', (_, act, message) => expect(act).toThrow(message))
