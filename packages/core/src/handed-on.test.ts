import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import {
  createTrainer,
  dispose,
  leaves,
  mapViews,
  ofTwoViews,
  seeded,
  tensorsOf,
  type Batch,
  type Isolation,
  type Owned,
  type Recipe,
  type Schedule,
  type Stage,
  type State,
  type StatefulLoss,
  type Trainer,
  type TrainerOptions
} from './index.ts'

// A plugin may hand on the very tensor it was given. Whoever frees one of the two must not free the other.

const identity: Stage = {
  name: 'identity',
  init: (_, shape) => ({ params: {}, buffers: {}, outputShape: shape }),
  apply: ({ buffers }, x) => ({ output: x, buffers })
}
const dense: Stage = {
  name: 'dense',
  init: (random, [dim]) => ({ params: { w: random.normal([dim!, dim!]) }, buffers: {}, outputShape: [dim!] }),
  apply: ({ params, buffers }, x) => ({
    output: tf.tanh(tf.matMul(x as tf.Tensor2D, (params as { w: tf.Tensor2D }).w)),
    buffers
  })
}
/** Keeps what it was given. */
const keeping = (stage: Stage): Stage => ({
  ...stage,
  init: (random, shape) => ({ ...stage.init(random, shape), buffers: { last: tf.zeros([4, ...shape]) } }),
  apply: (variables, x, mode) => ({ output: stage.apply(variables, x, mode).output, buffers: { last: x } })
})
const alignment = ofTwoViews((a, b) => tf.mean(tf.squaredDifference(a, tf.sin(b))))
const remembering = (what: (embeddings: tf.Tensor, batch: Batch) => tf.Tensor): StatefulLoss => ({
  init: () => ({ params: {}, memory: { last: tf.zeros([4]) } }),
  apply: (embeddings, batch) => ({
    loss: tf.mean(tf.square(embeddings[0])),
    memory: { last: what(embeddings[0], batch) }
  })
})

const still: Recipe['optimizer'] = { init: () => ({}), update: (_, state, params) => ({ params, state }) }
const recipeOf = (stages: readonly Stage[], isolation: Isolation, more: Partial<Recipe> = {}): Recipe => ({
  backbone: { name: 'handing on', stages },
  isolation,
  head: () => identity,
  loss: () => alignment,
  optimizer: still,
  ...more
})
const batchOf = (views = 2): Batch => ({
  views: mapViews([seeded(1).normal([4, 3]), ...(views > 1 ? [seeded(2).normal([4, 3])] : [])], view => view),
  labels: tf.tensor1d([0, 1, 0, 1], 'int32')
})

const free = (...trees: readonly unknown[]): void => trees.forEach(tree => dispose(tree as Owned<unknown>))

/** Two steps, with everything freed that a step gives, and the batch as well. */
function twoSteps(recipe: Recipe, options: Partial<TrainerOptions> = {}, views = 2): State {
  const trainer = createTrainer(recipe, { inputShape: [3], ...options })
  let state: Owned<State> = trainer.init(seeded(1))
  const { numTensors } = tf.memory()
  for (let i = 0; i < 2; i++) {
    const batch = batchOf(views)
    const result = trainer.step(state, batch, { observe: true })
    state = result.state
    free(result.losses, result.embeddings, result.gradientNorms, batch)
  }
  expect(tensorsOf(state).every(({ isDisposed }) => !isDisposed)).toBe(true)
  expect(tf.memory().numTensors - numTensors).toBeLessThanOrEqual(0)
  return state
}

const inTurn: Schedule = units => units.map(unit => [unit])
const spans =
  (...ends: readonly (readonly [start: number, end: number])[]): Isolation =>
  () =>
    ends.map(([start, end]) => ({ start, end }))

describe('what is handed on belongs to whoever gets it', () => {
  test.each<[string, Recipe, Partial<TrainerOptions>?, number?]>([
    [
      'by a stage that nobody holds in the round',
      recipeOf([dense, identity, dense], spans([0, 2], [2, 3]), { schedule: inTurn })
    ],
    ['by a stage that nobody teaches', recipeOf([identity, dense], spans([1, 2])), {}, 2],
    ['by a stage that keeps its input', recipeOf([keeping(dense), dense], spans([0, 2])), {}, 1 + 1],
    ['by one that does so and is not held', recipeOf([keeping(identity), dense], spans([1, 2]))],
    ['by a head that keeps its input', recipeOf([dense], spans([0, 1]), { head: () => keeping(identity) })],
    [
      'by a loss that keeps the embeddings',
      recipeOf([dense], spans([0, 1]), { loss: () => remembering(embeddings => embeddings) }),
      {},
      1
    ],
    [
      'by the same in parts, observed',
      recipeOf([dense], spans([0, 1]), { loss: () => remembering(embeddings => embeddings) }),
      { microBatch: 2 },
      1
    ],
    [
      'by a loss that keeps the labels of the batch',
      recipeOf([dense], spans([0, 1]), { loss: () => remembering((_, { labels }) => labels!) })
    ],
    [
      'by an optimizer that keeps the gradient',
      recipeOf([dense], spans([0, 1]), {
        optimizer: {
          init: params => ({ last: leaves(params).map(tensor => tf.zerosLike(tensor)) }),
          update: (gradients, _, params) => ({ params, state: { last: leaves(gradients) } })
        }
      })
    ]
  ])('%s', (_, recipe, options, views) => {
    dispose(twoSteps(recipe, options, views) as Owned<State>)
  })

  test('weights from elsewhere stay theirs', () => {
    const pretrained = seeded(3).normal([3, 3])
    const stage: Stage = {
      ...dense,
      init: (_, shape) => ({ params: { w: pretrained }, buffers: {}, outputShape: shape })
    }
    dispose(twoSteps(recipeOf([stage], spans([0, 1]))) as Owned<State>)
    expect(pretrained.isDisposed).toBe(false)
  })
})

describe('parts of a batch', () => {
  test('run a stage that looks at its buffers with the same ones both times', () => {
    const running: Stage = {
      ...dense,
      init: (random, shape) => ({ ...dense.init(random, shape), buffers: { mean: tf.zeros([3]) } }),
      apply({ params, buffers }, x) {
        const y = tf.matMul(x as tf.Tensor2D, (params as { w: tf.Tensor2D }).w)
        const { mean } = buffers as { mean: tf.Tensor }
        return { output: tf.tanh(tf.sub(y, mean)), buffers: { mean: tf.add(tf.mul(mean, 0.5), tf.mean(y, 0)) } }
      }
    }
    const seen: number[][] = []
    const looking: Stage = {
      ...running,
      apply(variables, x, mode) {
        const result = running.apply(variables, x, mode)
        seen.push([...result.output.dataSync()])
        return result
      }
    }
    const trainer = createTrainer(recipeOf([looking], spans([0, 1])), { inputShape: [3], microBatch: 2 })
    const state = trainer.init(seeded(1))
    seen.length = 0
    trainer.learn(state, batchOf())
    expect(seen).toHaveLength(4)
    expect(seen.slice(0, 2)).toEqual(seen.slice(2))
  })

  test('are merged by the very units of the trainer', () => {
    const found: number[] = []
    const merge: Recipe['merge'] = units => units.map(unit => found.push(trainer.units.indexOf(unit)) && 1)
    const trainer: Trainer = createTrainer(recipeOf([dense], spans([0, 1], [0, 1]), { merge }), {
      inputShape: [3],
      microBatch: 2
    })
    trainer.learn(trainer.init(seeded(1)), batchOf())
    expect(new Set(found)).toEqual(new Set([0, 1]))
  })

  test('refuse a loss that ignores the embeddings, or is no scalar, in the name of the unit', () => {
    const learn = (loss: Recipe['loss']): unknown => {
      const trainer = createTrainer(recipeOf([dense], spans([0, 1]), { loss }), { inputShape: [3], microBatch: 2 })
      return trainer.learn(trainer.init(seeded(1)), batchOf())
    }
    expect(() => learn(() => () => tf.scalar(1))).toThrow(
      'unit "unit0": expected a loss that depends on the embeddings'
    )
    expect(() =>
      learn(
        () =>
          ([a]) =>
            tf.mean(a, 1) as never
      )
    ).toThrow('unit "unit0": expected the loss to be one scalar')
  })
})

describe('a penalty', () => {
  const priced: Stage = { ...dense, penalty: ({ params }) => tf.sum((params as { w: tf.Tensor }).w) as tf.Scalar }
  const stepOf = (recipe: Recipe): { moved: number; losses: string[] } => {
    const trainer = createTrainer(
      {
        ...recipe,
        loss: () => views => tf.mul(tf.mean(views[0]), 0) as tf.Scalar,
        optimizer: {
          init: () => ({}),
          update: (slopes, state, params) => ({
            params: Object.fromEntries(
              Object.entries(params as Record<string, tf.Tensor>).map(([name, tensor]) => [
                name,
                tf.sub(tensor, (slopes as Record<string, tf.Tensor>)[name]!)
              ])
            ),
            state
          })
        }
      },
      { inputShape: [3] }
    )
    const first = trainer.init(seeded(1))
    const before = (first.stages[0]!.params as { w: tf.Tensor }).w.dataSync()[0]!
    const { state, losses } = trainer.step(first, batchOf())
    return {
      moved: before - (state.stages[0]!.params as { w: tf.Tensor }).w.dataSync()[0]!,
      losses: Object.keys(losses)
    }
  }
  test('is owed once a step, however many rounds teach the stage', () => {
    const twice = spans([0, 1], [0, 2])
    expect(stepOf(recipeOf([priced, dense], twice)).moved).toBeCloseTo(1, 5)
    expect(stepOf(recipeOf([priced, dense], twice, { schedule: inTurn })).moved).toBeCloseTo(1, 5)
  })
  test('of a head is owed too', () => {
    const { losses } = stepOf(recipeOf([dense], spans([0, 1]), { head: () => priced }))
    expect(losses).toEqual(['unit0', 'unit0.penalty'])
  })
  test('that is no scalar is refused', () => {
    const wide: Stage = { ...dense, penalty: ({ params }) => (params as { w: tf.Tensor }).w as never }
    expect(() => stepOf(recipeOf([wide], spans([0, 1])))).toThrow(
      'stage "dense": expected a penalty that is one scalar, got shape [3,3].'
    )
  })
})

describe('halves refuse', () => {
  const trainer = createTrainer(recipeOf([dense, dense], spans([0, 1], [1, 2])), { inputShape: [3] })
  const state = trainer.init(seeded(1))
  const other = createTrainer(recipeOf([dense], spans([0, 1])), { inputShape: [3] })
  const wide = createTrainer(recipeOf([dense, dense], spans([0, 1], [1, 2])), { inputShape: [5] })
  const disposed = <T>(tree: Owned<T>): T => {
    dispose(tree)
    return tree
  }
  test.each<[string, () => unknown, string]>([
    [
      'the state of another network',
      () => trainer.learn(other.init(seeded(1)), batchOf()),
      'learn: expected a state of 2 stages with the units unit0, unit1, got one of 1 stages with unit0.'
    ],
    [
      'what another network learned',
      () => trainer.advance(state, other.learn(other.init(seeded(1)), batchOf())),
      'advance: expected what was learned from this state or one of its form, got 1 stages.'
    ],
    [
      'what a wider network learned',
      () => trainer.advance(state, wide.learn(wide.init(seeded(1)), { views: [tf.ones([4, 5]), tf.zeros([4, 5])] })),
      'advance: expected what was learned from this state or one of its form, got other parameters for stage 0.'
    ],
    [
      'what was disposed',
      () => trainer.advance(state, disposed(trainer.learn(state, batchOf()))),
      'advance: expected what was learned to be alive'
    ],
    ['a part that is no place', () => trainer.begin(state, batchOf(), 0.5), 'begin: expected the place of a part'],
    [
      'a round of nobody',
      () => trainer.learn(state, batchOf(), { round: { units: [] } }),
      'learn: expected a round of units of this trainer, each once, got none.'
    ],
    [
      'units of another trainer',
      () => trainer.learn(state, batchOf(), { round: { units: other.units } }),
      'learn: expected a round of units of this trainer, each once, got unit0.'
    ],
    [
      'an example without its batch axis',
      () => trainer.network.encode(state.stages, tf.ones([3])),
      'network: expected views of shape [batch, 3], got [3].'
    ],
    [
      'a batch without rows',
      () => trainer.learn(state, { views: [tf.zeros([0, 3]), tf.zeros([0, 3])] }),
      'learn: expected a batch of one example or more'
    ],
    [
      'a context that is no tensor',
      () => trainer.learn(state, { ...batchOf(), context: [{ mask: 1 } as never, {}] }),
      'learn: expected a context of living tensors, but 0.mask is none.'
    ],
    [
      'a loss that returns no memory',
      () => {
        const forgetful = { init: () => ({ params: {}, memory: {} }), apply: () => ({ loss: tf.scalar(0) }) }
        const strange = createTrainer(recipeOf([dense], spans([0, 1]), { loss: () => forgetful as never }), {
          inputShape: [3]
        })
        return strange.learn(strange.init(seeded(1)), batchOf())
      },
      'unit "unit0": expected a loss with variables to return { loss, memory }, got no memory.'
    ]
  ])('%s', (_, act, message) => {
    expect(act).toThrow(message)
  })

  test('stages that cut those below them off', () => {
    const rounded: Stage = {
      ...identity,
      name: 'whole',
      apply: (_, x) => ({ output: tf.cast(x, 'int32'), buffers: {} })
    }
    const cut = createTrainer(
      recipeOf(
        [dense, rounded, { ...dense, apply: (v, x, m) => dense.apply(v, tf.cast(x, 'float32'), m) }],
        spans([0, 3])
      ),
      { inputShape: [3] }
    )
    expect(() => cut.learn(cut.init(seeded(1)), batchOf())).toThrow(
      'stage "dense": expected an output that depends on its input, got one that does not.'
    )
  })
})

test('views of one shape and different types travel apart', () => {
  const seen: string[] = []
  const looking: Stage = {
    ...dense,
    apply(variables, x, mode) {
      seen.push(x.dtype)
      return dense.apply(variables, tf.cast(x, 'float32'), mode)
    }
  }
  const trainer = createTrainer(recipeOf([looking], spans([0, 1])), { inputShape: [3] })
  trainer.learn(trainer.init(seeded(1)), { views: [tf.ones([4, 3], 'int32'), tf.fill([4, 3], 0.7)] })
  expect(seen).toEqual(['int32', 'float32'])
})
