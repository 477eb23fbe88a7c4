import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import {
  createTrainer,
  dispose,
  ofTeacher,
  own,
  seeded,
  stateless,
  symmetric,
  type Batch,
  type LocalLoss,
  type Loss,
  type OneOrNamed,
  type Recipe,
  type Stage,
  type Teacher,
  type TeacherVariables,
  type Trainer,
  type Views
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
const recipe = (taught?: OneOrNamed<Teacher>): Recipe => ({
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
const step = (trainer: Trainer, given = batch): void => {
  const { state, losses } = trainer.step(trainer.init(seeded(1)), given)
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

test('of several teachers a loss learns from the one it names, as if it were the only one', () => {
  const named = { wise: teacher, low: { ...teacher, reads: () => 1 } }
  const frozen = { wise: weights(), low: weights() }
  const shapes: unknown[] = []
  const building = (name: string): LocalLoss =>
    ofTeacher(name, {
      init: (_, { teacher }) => {
        shapes.push(teacher)
        return { params: {}, memory: {} }
      },
      apply: (rows, batch, { memory }) => ({ loss: watching(name)(rows, batch), memory })
    })
  const trainer = createTrainer(
    { ...recipe(named), loss: (_, i) => (i === 0 ? ofTeacher('low', watching('unit0')) : building('wise')) },
    { inputShape: [5], teacher: frozen }
  )
  const before = tf.memory().numTensors
  step(trainer)
  expect(tf.memory().numTensors).toBe(before)
  expect(shapes).toEqual([[3]])
  expect([seen.unit0, seen.wise]).toEqual([
    [expected(1, 0), expected(1, 1)],
    [expected(3, 0), expected(3, 1)]
  ])
  const alone = createTrainer(
    { ...recipe(teacher), loss: () => watching('alone') },
    { inputShape: [5], teacher: frozen.wise }
  )
  step(alone)
  expect(seen.alone).toEqual(seen.wise)
})

test('several teachers are cut with a batch that is learned from in parts, and turned with its views', () => {
  const named = { wise: teacher }
  const turned = symmetric(ofTeacher('wise', watching('turned'))) as Loss
  const whole = createTrainer(
    { ...recipe(named), loss: () => turned },
    { inputShape: [5], teacher: { wise: weights() }, microBatch: 1 }
  )
  step(whole)
  expect(seen.turned).toEqual([expected(3, 1), expected(3, 0)])
})

test('a teacher may look at something else than the student sees, row for row', () => {
  const depth = seeded(3).normal([2, 7])
  const sees = { shape: [7], views: ({ examples }: Batch) => [examples!.depth, examples!.depth] as Views }
  const other: Teacher = { backbone: { name: 'other', stages: [dense('t0', 4)] }, sees }
  const t0 = seeded(30).normal([7, 4])
  const trainer = createTrainer(recipe(other), {
    inputShape: [5],
    teacher: { stages: [{ params: { weights: t0 }, buffers: {} }] }
  })
  step(trainer, { ...batch, examples: { depth } })
  const product = own(() => tf.matMul(depth as tf.Tensor2D, t0))
  const row = [2, 4, ...product.dataSync()]
  expect(seen.unit0).toEqual([row, row])
  expect(() => step(trainer, { ...batch, examples: { depth: [depth, depth] } })).toThrow(
    'teacher: expected views as tensors [batch, 7]'
  )
  const short = createTrainer(recipe({ ...other, sees: { ...sees, views: () => [tf.zeros([1, 7])] } }), {
    inputShape: [5],
    teacher: { stages: [{ params: { weights: t0 }, buffers: {} }] }
  })
  expect(() => step(short)).toThrow('teacher: expected to see the 2 examples of the batch, got 1. Mend sees.views.')
  expect(() => step(trainer, batch)).toThrow(
    'teacher: expected sees.views to make views of the batch, but it fails: Cannot read properties of undefined'
  )
})

test.each<[string, () => unknown, string]>([
  [
    'one of several without weights',
    () => createTrainer(recipe({ wise: teacher }), { inputShape: [5], teacher: {} }),
    'teacher "wise": expected the variables of 2 stages and a head, got none. ' +
      'Give createTrainer(recipe, { teacher: { wise: { stages, head } } })'
  ],
  [
    'one of several that is none',
    () => createTrainer(recipe({ wise: {} as Teacher }), { inputShape: [5] }),
    'teacher "wise": expected a backbone'
  ],
  ['no teacher at all', () => createTrainer(recipe({}), { inputShape: [5] }), 'teacher: expected a backbone'],
  [
    'one without a name',
    () => createTrainer(recipe({ '': teacher }), { inputShape: [5] }),
    'teacher: expected a backbone'
  ],
  [
    'a name that cannot be saved',
    () => createTrainer(recipe({ 'a.b': teacher }), { inputShape: [5] }),
    'teacher "a.b": expected a name without dots'
  ],
  [
    'a sight without a shape',
    () => createTrainer(recipe({ ...teacher, sees: (() => []) as never }), { inputShape: [5] }),
    'teacher: expected the shape of one example'
  ],
  [
    'a sight that makes no views',
    () => createTrainer(recipe({ ...teacher, sees: { shape: [5] } as never }), { inputShape: [5] }),
    'teacher: expected what it sees as a shape and views'
  ],
  [
    'a loss of a teacher that is not there',
    () =>
      step(
        createTrainer(
          { ...recipe({ wise: teacher }), loss: () => ofTeacher('deep', watching('x')) },
          { inputShape: [5], teacher: { wise: weights() } }
        )
      ),
    'ofTeacher: expected a teacher named deep, got wise. Give the recipe teacher: { deep: { backbone, … } }.'
  ],
  [
    'a loss that names the only teacher',
    () =>
      step(
        createTrainer(
          { ...recipe(teacher), loss: () => ofTeacher('deep', watching('x')) },
          { inputShape: [5], teacher: weights() }
        )
      ),
    'ofTeacher: expected a teacher named deep, got none with a name.'
  ],
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
