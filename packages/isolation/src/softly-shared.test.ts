import '@tensorflow/tfjs-backend-cpu'
import {
  copyOf,
  createTrainer,
  dispose,
  leaves,
  own,
  seeded,
  stateless,
  withLeaves,
  type Batch,
  type Loss,
  type Optimizer,
  type Owned,
  type Params,
  type Recipe,
  type Stage,
  type State,
  type Tree,
  type Variables
} from '@lapstrake/core'
import { describeStage } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { endToEnd, greedy, nWise, overlapping, softlyShared, spans } from './index.ts'

const dense = (name: string, dim: number): Stage =>
  stateless(name, {
    init: (random, [inputs]) => ({ params: { weights: random.normal([inputs!, dim], 0, 0.5) }, outputShape: [dim] }),
    apply: ({ weights }, x) => tf.tanh(tf.matMul(x as tf.Tensor2D, weights as tf.Tensor2D))
  })
const loss: Loss = ([a, b]) => tf.mean(tf.squaredDifference(tf.add(a, 1), b!))
const rate = 0.02
const descent: Optimizer = {
  init: () => ({}),
  update(gradients, state, params) {
    const slopes = leaves(gradients)
    const moved = leaves(params).map((weights, i) => tf.sub(weights, tf.mul(slopes[i]!, rate)))
    return { params: withLeaves(params, moved), state }
  }
}
const recipe: Recipe = {
  backbone: { name: 'net', stages: [dense('a', 5), dense('b', 4), dense('c', 4), dense('d', 3)] },
  isolation: overlapping(),
  head: () => dense('head', 2),
  loss: () => loss,
  optimizer: descent
}
const batch: Batch = { views: [seeded(1).normal([6, 3]), seeded(2).normal([6, 3])] }
const inputShape = [3]

/** What is learned in some steps: the weights of stages, and the first losses. */
function learned(what: Recipe, steps: number): { stages: State['stages']; losses: Record<string, number> } {
  const trainer = createTrainer(what, { inputShape })
  let state = trainer.init(seeded(7))
  const first: Record<string, number> = {}
  for (let step = 0; step < steps; step++) {
    const result = trainer.step(state, batch)
    if (step === 0) for (const [name, value] of Object.entries(result.losses)) first[name] = value.dataSync()[0]!
    dispose(result.losses)
    state = result.state
  }
  return { stages: state.stages, losses: first }
}
const weightsOf = (variables: Variables, copy?: 'upper' | 'lower'): tf.Tensor => {
  const params = variables.params as Tree<tf.Tensor> as Record<string, Record<string, tf.Tensor>>
  return copy === undefined ? (params.weights as unknown as tf.Tensor) : params[copy]!.weights!
}
const distance = (a: tf.Tensor, b: tf.Tensor): number => own(() => tf.norm(tf.sub(a, b))).dataSync()[0]!

const [lowest, middle, second, top] = softlyShared(recipe).backbone.stages as [Stage, Stage, Stage, Stage]
describeStage('two copies', middle, { inputShape: [5] })
describeStage('two copies on the upper half', second, { inputShape: [8] })

test('stages inside two units are copies that begin alike; below and above is one', () => {
  expect(lowest).toBe(recipe.backbone.stages[0])
  expect(top.init(seeded(1), [8]).outputShape).toEqual([3])
  const { shapes, init } = createTrainer(softlyShared(recipe), { inputShape }).network
  expect(shapes).toEqual([[3], [5], [8], [8], [3]])
  const stages = init(seeded(7))
  expect(distance(weightsOf(stages[1]!, 'upper'), weightsOf(stages[1]!, 'lower'))).toBe(0)
})

test('the first losses are those of shared stages, and so are the gradients of both copies together', () => {
  const [hard, soft] = [recipe, softlyShared(recipe)].map(what => createTrainer(what, { inputShape }))
  const [before, copies] = [hard!, soft!].map(trainer => trainer.init(seeded(7)))
  const [shared, apart] = [hard!.learn(before!, batch), soft!.learn(copies!, batch)]
  for (const name of ['unit0', 'unit1', 'unit2'])
    expect(apart.units[name]!.loss.dataSync()[0]).toBeCloseTo(shared.units[name]!.loss.dataSync()[0]!, 6)
  expect(apart.stages[1]!.penalty!.cost.dataSync()[0]).toBe(0)
  for (const i of [1, 2]) {
    const [upper, lower] = leaves(apart.stages[i]!.gradients!)
    expect(distance(tf.add(upper!, lower!), leaves(shared.stages[i]!.gradients!)[0]!)).toBeLessThan(1e-6)
  }
})

test('with no strength each unit learns for itself, as with the copy in its head', () => {
  const { stages } = recipe.backbone
  /** A stage and a head as one head. */
  const under = (stage: Stage, head: Stage): Stage => ({
    name: 'decoder',
    init(random, shape) {
      const below = stage.init(random.split('below'), shape)
      const above = head.init(random.split('above'), below.outputShape)
      return { params: [below.params, above.params], buffers: [{}, {}], outputShape: above.outputShape }
    },
    apply({ params, buffers }, input, mode) {
      const [below, above] = params as readonly Params[]
      const { output } = stage.apply({ params: below!, buffers: {} }, input, mode)
      return { output: head.apply({ params: above!, buffers: {} }, output, mode).output, buffers }
    }
  })
  const alone: Recipe = {
    ...recipe,
    backbone: { name: 'lower three', stages: stages.slice(0, 3) },
    isolation: greedy(),
    head: ({ end }) => under(stages[end]!, recipe.head({ start: 0, end }, []))
  }
  const soft = softlyShared(recipe, { strength: 0 })
  const [trainer, twin] = [createTrainer(soft, { inputShape }), createTrainer(alone, { inputShape })]
  let state = trainer.init(seeded(7))
  // The same weights: the upper copies are stages, the lower ones lie in heads.
  const copyAt = (i: number, which: 'upper' | 'lower'): Params =>
    i === 0 || i === 3 ? state.stages[i]!.params : (state.stages[i]!.params as Readonly<Record<string, Params>>)[which]!
  let other = own((): State => {
    const first = twin.init(seeded(7))
    return {
      ...first,
      stages: first.stages.map((_, i) => ({ params: copyOf(copyAt(i, 'upper')), buffers: {} })),
      units: Object.fromEntries(
        Object.entries(first.units).map(([name, unit], i) => [
          name,
          {
            ...unit,
            head: {
              params: copyOf([copyAt(i + 1, 'lower'), state.units[name]!.head.params]),
              buffers: unit.head.buffers
            }
          }
        ])
      )
    }
  })
  for (let step = 0; step < 10; step++) {
    const [mine, theirs] = [trainer.step(state, batch), twin.step(other, batch)]
    for (const name of ['unit0', 'unit1', 'unit2'])
      expect(mine.losses[name]!.dataSync()[0]).toBeCloseTo(theirs.losses[name]!.dataSync()[0]!, 5)
    state = mine.state
    other = theirs.state
  }
  expect(distance(weightsOf(state.stages[1]!, 'upper'), weightsOf(state.stages[1]!, 'lower'))).toBeGreaterThan(0.01)
})

test('the stronger, the nearer copies are to each other and their mean to shared stages', () => {
  // Two copies, each taught by one unit: their mean moves half as fast as a stage that both teach.
  const halfAsFast = { ...recipe, merge: (units: readonly unknown[]) => units.map(() => 1 / units.length) }
  const shared = learned(halfAsFast, 40).stages[2]!
  const found = [0, 2, 12].map(strength => {
    const { stages } = learned(softlyShared(recipe, { strength }), 40)
    const [upper, lower] = (['upper', 'lower'] as const).map(copy => weightsOf(stages[2]!, copy))
    const mean = own(() => tf.div(tf.add(upper!, lower!), 2))
    return { apart: distance(upper!, lower!), off: distance(mean, weightsOf(shared)) }
  })
  expect(found[0]!.apart).toBeGreaterThan(2 * found[1]!.apart)
  expect(found[1]!.apart).toBeGreaterThan(2 * found[2]!.apart)
  expect(found[0]!.off).toBeGreaterThan(2 * found[2]!.off)
  expect(found[2]!.off).toBeLessThan(0.002)
})

test('a network that PyTorch knows is named by what flows to the top', () => {
  const stateDict = (stages: readonly Variables[]): Owned<Record<string, tf.Tensor>> =>
    own(() => Object.fromEntries(stages.map((stage, i) => [`${i}`, tf.clone(weightsOf(stage))])))
  const { backbone } = softlyShared({ ...recipe, backbone: { ...recipe.backbone, stateDict } })
  const stages = createTrainer(softlyShared(recipe), { inputShape }).network.init(seeded(7))
  expect(Object.values(backbone.stateDict!(stages)).map(({ shape }) => shape)).toEqual([
    [3, 5],
    [5, 4],
    [4, 4],
    [4, 3]
  ])
  expect(softlyShared(recipe).backbone.stateDict).toBeUndefined()
})

test.each([
  [() => softlyShared(recipe, { strength: -1 }), 'softlyShared: expected a strength of 0 or more, got -1. Try 0.001.'],
  [
    () => softlyShared({ ...recipe, isolation: endToEnd() }),
    'softlyShared: expected units of two stages, got one from 0 to 4. Use isolation: overlapping().'
  ],
  [
    () => softlyShared({ ...recipe, isolation: greedy() }),
    'softlyShared: expected units of two stages, got one from 1 to 2. Use isolation: overlapping().'
  ],
  [
    () => softlyShared({ ...recipe, isolation: nWise({ size: 2 }) }),
    'softlyShared: expected a unit from every stage to the next, got none from 1 to 3: a copy would learn nothing. ' +
      'Use isolation: overlapping().'
  ],
  [() => softlyShared({ ...recipe, isolation: spans([[1, 3]]) }), 'got none from 0 to 2: a copy would learn nothing.']
])('clear errors: %#', (act, message) => expect(act).toThrow(message))

test('a lead is a unit of the lowest stage alone', () => {
  const leading = softlyShared({ ...recipe, isolation: overlapping({ lead: true }) })
  expect(Object.keys(learned(leading, 1).losses)).toEqual([
    'b.penalty',
    'c.penalty',
    'unit0',
    'unit1',
    'unit2',
    'unit3'
  ])
})
