import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import {
  createTrainer,
  dispose,
  leaves,
  mapTree,
  mean,
  seeded,
  stateless,
  sum,
  tensorsOf,
  upperOnly,
  withLeaves
} from './index.ts'
import type {
  Batch,
  Buffers,
  Isolation,
  Loss,
  Merge,
  Optimizer,
  Owned,
  Params,
  Recipe,
  StatefulLoss,
  Span,
  Stage,
  State,
  Trainer,
  Unit,
  Variables
} from './index.ts'

// The toy chain: stages y = c ∘ x with c = 2, 3, 4 on two dimensions, x = [1, 1], heads that change nothing.
const scale = (c: number): Stage =>
  stateless(`times ${c}`, {
    init: (_, shape) => ({ params: { c: tf.fill([...shape], c) }, outputShape: shape }),
    apply: ({ c }, x) => tf.mul(x, c!)
  })
const asItIs: Stage = stateless('identity', {
  init: (_, shape) => ({ params: {}, outputShape: shape }),
  apply: (_, x) => x
})

/** Cross-entropy of two logits with class 1. */
const crossEntropy: Loss = ([logits]) => tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), tf.tensor2d([[0, 1]]))))
const tenth: Loss = ([y]) => tf.sum(tf.mul(y, 0.1))

/** The loss that belongs to what a span ends with. */
const lossOf = ({ end }: Span): Loss => (end === 3 ? tenth : crossEntropy)
const still: Optimizer = { init: () => ({}), update: (_, state, params) => ({ params, state }) }

const chain = (isolation: Isolation, merge: Merge = sum()): Recipe => ({
  backbone: { name: 'chain', stages: [2, 3, 4].map(scale) },
  isolation,
  head: () => asItIs,
  loss: lossOf,
  optimizer: still,
  merge
})
const one = (): Batch => ({ views: [tf.ones([1, 2]), tf.ones([1, 2])] })

const gradientsOf = (recipe: Recipe): (number[] | undefined)[] => {
  const trainer = createTrainer(recipe, { inputShape: [2] })
  return trainer
    .learn(trainer.init(seeded(1)), one())
    .stages.map(
      ({ gradients: tree }) => tree && [...(tree as { c: tf.Tensor }).c.dataSync()].map(x => Math.round(x * 1e4) / 1e4)
    )
}
/** Units counted from 1, as in the paper: [1, 2] holds the first and the second stage. */
const units =
  (...spans: [number, number][]): Isolation =>
  () =>
    spans.map(([first, last]) => ({ start: first - 1, end: last }))

describe('toy chain, worked out by hand', () => {
  test.each<[string, Recipe, (number[] | undefined)[]]>([
    ['unit {1,2} alone', chain(units([1, 2])), [[1.5, -1.5], [1, -1], undefined]],
    ['unit {2,3} alone', chain(units([2, 3])), [undefined, [0.8, 0.8], [0.6, 0.6]]],
    [
      'overlapping',
      chain(units([1, 2], [2, 3])),
      [
        [1.5, -1.5],
        [1.8, -0.2],
        [0.6, 0.6]
      ]
    ],
    [
      'overlapping with a lead',
      chain(units([1, 1], [1, 2], [2, 3])),
      [
        [2, -2],
        [1.8, -0.2],
        [0.6, 0.6]
      ]
    ],
    [
      'upper gradient only',
      chain(units([1, 2], [2, 3]), upperOnly()),
      [
        [1.5, -1.5],
        [0.8, 0.8],
        [0.6, 0.6]
      ]
    ],
    [
      'mean, with a lead',
      chain(units([1, 1], [1, 2], [2, 3]), mean()),
      [
        [1, -1],
        [0.9, -0.1],
        [0.6, 0.6]
      ]
    ],
    [
      'greedy',
      chain(units([1, 1], [2, 2], [3, 3])),
      [
        [0.5, -0.5],
        [1, -1],
        [0.6, 0.6]
      ]
    ],
    [
      'end-to-end',
      chain(units([1, 3])),
      [
        [1.2, 1.2],
        [0.8, 0.8],
        [0.6, 0.6]
      ]
    ]
  ])('%s', (_, recipe, expected) => {
    expect(gradientsOf(recipe)).toEqual(expected)
  })
})

// ─── A small network with everything in it: kernels, biases, running statistics, randomness. ───

const dense = (name: string, dim: number): Stage => ({
  name,
  init: (random, [inputs]) => ({
    params: { weights: random.normal([inputs!, dim], 0, 0.5), bias: tf.zeros([dim]) },
    buffers: { mean: tf.zeros([dim]), steps: tf.scalar(0) },
    outputShape: [dim]
  }),
  apply({ params, buffers }, x, mode) {
    const { weights, bias } = params as Record<string, tf.Tensor>
    const { mean: average, steps } = buffers as Record<string, tf.Tensor>
    const y = tf.add(tf.matMul(x as tf.Tensor2D, weights as tf.Tensor2D), bias!)
    if (!mode.training) return { output: tf.tanh(y), buffers }
    return {
      output: tf.tanh(tf.sub(y, tf.mul(tf.mean(y, 0), 0.5))),
      buffers: { mean: tf.add(tf.mul(average!, 0.9), tf.mul(tf.mean(y, 0), 0.1)), steps: tf.add(steps!, 1) }
    }
  }
})
const linear = (dim: number): Stage =>
  stateless('linear', {
    init: (random, [inputs]) => ({ params: { weights: random.normal([inputs!, dim], 0, 0.5) }, outputShape: [dim] }),
    apply: ({ weights }, x) => tf.matMul(x as tf.Tensor2D, weights as tf.Tensor2D)
  })
const pullTogether: Loss = ([a, b]) => tf.mean(tf.squaredDifference(a, tf.sin(b!)))
const descent = (rate = 0.1): Optimizer => ({
  init: () => ({}),
  update: (gradients, state, params) => ({
    params: withLeaves(
      params,
      leaves(params).map((p, i) => tf.sub(p, tf.mul(leaves(gradients)[i]!, rate)))
    ),
    state
  })
})
const windows =
  (size: number): Isolation =>
  depth =>
    Array.from({ length: depth - size + 1 }, (_, start) => ({ start, end: start + size }))
const whole: Isolation = depth => [{ start: 0, end: depth }]

const network = (isolation: Isolation, more: Partial<Recipe> = {}, depth = 4): Recipe => ({
  backbone: { name: 'small', stages: Array.from({ length: depth }, (_, i) => dense(`stage ${i}`, 5)) },
  isolation,
  head: () => linear(3),
  loss: () => pullTogether,
  optimizer: descent(),
  ...more
})
const batch = (seed = 1): Batch => ({ views: [seeded(seed).normal([6, 4]), seeded(seed + 100).normal([6, 4])] })
const values = (tree: unknown): number[] => tensorsOf(tree).flatMap(tensor => [...tensor.dataSync()])
const prepare = (recipe: Recipe): { trainer: Trainer; state: Owned<State> } => {
  const trainer = createTrainer(recipe, { inputShape: [4] })
  return { trainer, state: trainer.init(seeded(1)) }
}
const furthest = (a: readonly number[], b: readonly number[]): number => {
  expect(a.length).toBe(b.length)
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0)
}

describe('equivalences', () => {
  test('one unit over all stages is plain end-to-end training, for ten steps, running statistics included', () => {
    const { trainer, state: first } = prepare(network(whole))
    let state = first
    const { stages } = network(whole).backbone
    let plain = first.stages.map(({ params, buffers }) => ({ params: copy(params), buffers: copy(buffers) }))
    let head = copy(first.units.unit0!.head.params)
    for (let step = 0; step < 10; step++) {
      const views = batch(step)
      ;({ state } = trainer.step(state, views))
      const weights = [...plain.flatMap(({ params }) => leaves(params)), ...leaves(head)]
      let buffers: Buffers[] = []
      const loss = (...weights: tf.Tensor[]): tf.Scalar => {
        let rest = weights
        const take = (params: Params): Params => {
          const count = leaves(params).length
          const taken = withLeaves(params, rest.slice(0, count))
          rest = rest.slice(count)
          return taken
        }
        buffers = []
        const top = stages.reduce<tf.Tensor>(
          (x, stage, i) => {
            const result = stage.apply({ params: take(plain[i]!.params), buffers: plain[i]!.buffers }, x, {
              training: true,
              random: seeded(0)
            })
            buffers.push(mapTree(result.buffers, leaf => tf.keep(leaf)))
            return result.output
          },
          tf.concat([...views.views], 0)
        )
        const [a, b] = tf.split(tf.matMul(top as tf.Tensor2D, leaves(take(head))[0] as tf.Tensor2D), 2) as [
          tf.Tensor2D,
          tf.Tensor2D
        ]
        return pullTogether([a, b], views)
      }
      const gradients = tf.grads(loss)(weights)
      const moved = weights.map((w, i) => tf.sub(w, tf.mul(gradients[i]!, 0.1)))
      let next = moved
      const put = (params: Params): Params => {
        const count = leaves(params).length
        const filled = withLeaves(params, next.slice(0, count))
        next = next.slice(count)
        return filled
      }
      plain = plain.map(({ params }, i) => ({ params: put(params), buffers: buffers[i]! }))
      head = put(head)
    }
    expect(furthest(values(state.stages), values(plain))).toBeLessThan(1e-6)
    expect(furthest(values(state.units.unit0!.head.params), values(head))).toBeLessThan(1e-6)
  })

  test.each([
    ['windows of two', windows(2)],
    ['windows of three', windows(3)],
    ['greedy', windows(1)],
    ['one start, many ends', nested]
  ] as const)('the gradient of a stage is the sum over the units that hold it, each run alone: %s', (_, isolation) => {
    const { trainer, state } = prepare(network(isolation))
    const together = trainer.learn(state, batch())
    const alone = trainer.units.map(unit => trainer.learn(state, batch(), { round: { units: [unit] } }))
    together.stages.forEach(({ gradients }, i) => {
      const parts = alone
        .map(({ stages }) => stages[i]!.gradients)
        .filter(tree => tree !== undefined)
        .map(values)
      const total = parts.reduce((a, b) => a.map((value, j) => value + b[j]!))
      expect(furthest(values(gradients), total)).toBeLessThan(1e-6)
    })
  })

  test('zero overlap is as many networks built apart, each fed with what the one below gives', () => {
    const { trainer, state } = prepare(
      network(() => [
        { start: 0, end: 2 },
        { start: 2, end: 4 }
      ])
    )
    const together = trainer.learn(state, batch())
    const training = { training: true, random: seeded(0) } as const
    const constant = tf.split(
      trainer.units.length > 0
        ? state.stages
            .slice(0, 2)
            .reduce<tf.Tensor>(
              (x, variables, i) => network(whole).backbone.stages[i]!.apply(variables, x, training).output,
              tf.concat([...batch().views], 0)
            )
        : tf.zeros([1]),
      2
    )
    const upper = createTrainer(
      { ...network(whole), backbone: { name: 'upper', stages: network(whole).backbone.stages.slice(2) } },
      { inputShape: [5] }
    )
    const upperState: State = {
      ...state,
      stages: state.stages.slice(2),
      units: { unit0: state.units.unit1! },
      optimizers: { stages: [{}, {}], heads: { unit0: {} }, losses: { unit0: {} } }
    }
    const apart = upper.learn(upperState, { views: [constant[0]!, constant[1]!] })
    expect(furthest(values(together.stages.slice(2)), values(apart.stages))).toBeLessThan(1e-6)
  })

  test('the order of the units in a round changes nothing beyond rounding', () => {
    const { trainer, state } = prepare(network(windows(2)))
    const forwards = trainer.learn(state, batch())
    const backwards = trainer.learn(state, batch(), { round: { units: [...trainer.units].reverse() } })
    expect(furthest(values(forwards.stages), values(backwards.stages))).toBeLessThan(1e-6)
  })

  test('the encoder gives the same bits under every isolation', () => {
    const outputs = [whole, windows(1), windows(2), windows(3)].map(isolation => {
      const { trainer, state } = prepare(network(isolation))
      return values(trainer.network.encode(state.stages, batch().views[0]))
    })
    for (const output of outputs) expect(output).toEqual(outputs[0])
  })
})

describe('a step', () => {
  test('runs every stage forward once, whatever the isolation', () => {
    for (const isolation of [whole, windows(1), windows(2), windows(3), nested]) {
      const runs = [0, 0, 0, 0]
      const recipe = network(isolation)
      const counted = recipe.backbone.stages.map(
        (stage, i): Stage => ({
          ...stage,
          apply: (...given) => {
            runs[i]! += 1
            return stage.apply(...given)
          }
        })
      )
      const { trainer, state } = prepare({ ...recipe, backbone: { name: 'counted', stages: counted } })
      trainer.step(state, batch())
      expect(runs).toEqual([1, 1, 1, 1])
    }
  })

  test('moves running statistics exactly once, even over several rounds', () => {
    const rounds: Recipe['schedule'] = units => units.map(unit => [unit])
    for (const more of [{}, { schedule: rounds }]) {
      const { trainer, state } = prepare(network(windows(2), more))
      const { state: next } = trainer.step(state, batch())
      expect(next.stages.map(({ buffers }) => (buffers as { steps: tf.Tensor }).steps.dataSync()[0])).toEqual([
        1, 1, 1, 1
      ])
    }
  })

  test('leaves no tensors behind, and none when it throws', () => {
    for (const isolation of [whole, windows(1), windows(2), nested]) {
      for (const merge of [sum(), mean(), upperOnly()]) {
        const { trainer, state: first } = prepare(network(isolation, { merge, target: { momentum: () => 0.9 } }))
        const views = batch()
        let { state, losses } = trainer.step(first, views)
        dispose(losses)
        const before = tf.memory()
        ;({ state, losses } = trainer.step(state, views))
        dispose(losses)
        expect(tf.memory()).toEqual(before)
      }
    }
  })

  test('that throws leaves the old state alive and nothing else', () => {
    let fails = false
    const moody: Loss = (embeddings, given) => {
      if (fails && embeddings[0].shape[0] === 6) throw new Error('not today')
      return pullTogether(embeddings, given)
    }
    const { trainer, state } = prepare(
      network(windows(2), { loss: ({ start }) => (start === 1 ? moody : pullTogether) })
    )
    const views = batch()
    const before = tf.memory()
    fails = true
    expect(() => trainer.step(state, views)).toThrow('unit "unit1": not today')
    expect(tf.memory()).toEqual(before)
    fails = false
    expect(trainer.step(state, views).state.step).toBe(1)
  })

  test('refuses a state that an earlier step consumed', () => {
    const { trainer, state } = prepare(network(windows(2)))
    trainer.step(state, batch())
    expect(() => trainer.step(state, batch())).toThrow(
      'step: expected a living state, got one that was disposed or that a step already consumed'
    )
  })

  test('with the same seed gives the same weights, with another seed others', () => {
    const run = (seed: number): number[] => {
      const trainer = createTrainer(network(windows(2)), { inputShape: [4] })
      let state = trainer.init(seeded(seed))
      for (let i = 0; i < 3; i++) ({ state } = trainer.step(state, batch(i)))
      return values(state.stages)
    }
    expect(run(1)).toEqual(run(1))
    expect(run(1)).not.toEqual(run(2))
  })

  test('changes the stages and heads of the units that learn, and nothing else', () => {
    const only: Recipe['schedule'] = units => [[units[1]!]]
    const { trainer, state } = prepare(network(windows(2), { schedule: only, optimizer: decaying }))
    const before = state.stages.map(values)
    const heads = trainer.units.map(({ name }) => values(state.units[name]!.head))
    const { state: next } = trainer.step(state, batch())
    const params = (i: number): number[] => values(next.stages[i]!.params)
    expect([0, 1, 2, 3].map(i => furthest(params(i), before[i]!.slice(0, params(i).length)) > 0)).toEqual([
      false,
      true,
      true,
      false
    ])
    expect(trainer.units.map(({ name }, i) => furthest(values(next.units[name]!.head), heads[i]!) > 0)).toEqual([
      false,
      true,
      false
    ])
  })

  test('lets later rounds see the updates of earlier ones', () => {
    const rounds: Recipe['schedule'] = units => units.map(unit => [unit])
    const together = prepare(network(windows(1)))
    const apart = prepare(network(windows(1), { schedule: rounds }))
    const one = together.trainer.step(together.state, batch())
    const two = apart.trainer.step(apart.state, batch())
    expect(values(one.losses.unit0)).toEqual(values(two.losses.unit0))
    expect(values(one.losses.unit1)).not.toEqual(values(two.losses.unit1))
  })
})

describe('units', () => {
  test('a probe reads any stage and never changes the backbone', () => {
    const probe = (at: number): Unit => ({
      name: `probe${at}`,
      start: at,
      end: at,
      head: linear(3),
      loss: pullTogether
    })
    const plain = prepare(network(windows(2)))
    const probed = prepare(network(windows(2), { auxiliary: [probe(0), probe(2), probe(4)] }))
    const one = plain.trainer.step(plain.state, batch())
    const two = probed.trainer.step(probed.state, batch())
    expect(values(two.state.stages)).toEqual(values(one.state.stages))
    expect(Object.keys(two.losses).sort()).toEqual(['probe0', 'probe2', 'probe4', 'unit0', 'unit1', 'unit2'])
    const { state: probeState } = two
    expect(values(probeState.units.probe4!.head.params)).not.toEqual(
      values(probed.trainer.init(seeded(1)).units.probe4!.head.params)
    )
  })

  test('views of other sizes run apart, and statistics follow the first size', () => {
    const pooled: Stage = stateless('pool', {
      init: (_, [, c]) => ({ params: {}, outputShape: [c!] }),
      apply: (_, x) => tf.mean(x, 1)
    })
    const all: Loss = views => tf.mean(tf.squaredDifference(views[0], views[2]!))
    const recipe: Recipe = {
      backbone: { name: 'sizes', stages: [pooled, dense('stage 1', 5)] },
      isolation: whole,
      head: () => linear(3),
      loss: () => all,
      optimizer: descent()
    }
    const trainer = createTrainer(recipe, { inputShape: [9, 4] })
    const sized = (length: number, seed: number): tf.Tensor => seeded(seed).normal([3, length, 4])
    const { state, losses } = trainer.step(trainer.init(seeded(1)), {
      views: [sized(9, 1), sized(9, 2), sized(5, 3), sized(5, 4)]
    })
    expect(values(losses.unit0)[0]).toBeGreaterThan(0)
    expect((state.stages[1]!.buffers as { steps: tf.Tensor }).steps.dataSync()[0]).toBe(1)
  })

  test('a loss that remembers gets its memory back at the next step', () => {
    const counting: StatefulLoss<Record<string, never>, { seen: tf.Tensor; steps: number }> = {
      init: (_, { embedding }) => ({ params: {}, memory: { seen: tf.zeros([...embedding]), steps: 0 } }),
      apply: ([a, b], _, { memory: { seen, steps } }) => ({
        loss: tf.add(tf.mean(tf.squaredDifference(a, b!)), tf.mean(seen)),
        memory: { seen: tf.add(seen, 1), steps: steps + 1 }
      })
    }
    const { trainer, state: first } = prepare(network(windows(2), { loss: () => counting }))
    let state = first
    for (let i = 0; i < 3; i++) ({ state } = trainer.step(state, batch(i)))
    expect(values(state.units.unit1!.loss.memory)).toEqual([3, 3, 3])
    expect((state.units.unit1!.loss.memory as { steps: number }).steps).toBe(3)
  })

  test('a target network follows the network, and its embeddings reach the loss as constants', () => {
    const seen: number[][] = []
    const towardsTarget: Loss = ([a], { targets }) => {
      seen.push(values(targets![0]))
      return tf.mean(tf.squaredDifference(a, targets![1]!))
    }
    const still = { momentum: () => 1 }
    const { trainer, state: first } = prepare(network(windows(2), { loss: () => towardsTarget, target: still }))
    const before = values((first.target as { stages: readonly Variables[] }).stages.map(({ params }) => params))
    const { state } = trainer.step(first, batch())
    expect(seen).toHaveLength(3)
    expect(values((state.target as { stages: readonly Variables[] }).stages.map(({ params }) => params))).toEqual(
      before
    )
    const copying = prepare(network(windows(2), { loss: () => towardsTarget, target: { momentum: () => 0 } }))
    const online = values(copying.state.stages.map(({ params }) => params))
    const { state: next } = copying.trainer.step(copying.state, batch())
    expect(values((next.target as { stages: readonly Variables[] }).stages.map(({ params }) => params))).toEqual(online)
  })

  test('optimizers keep one state for each owner, moved only when the owner was taught', () => {
    const counting: Optimizer<{ count: number }> = {
      init: () => ({ count: 0 }),
      update: (_, { count }, params) => ({
        params: mapTree(params, leaf => tf.clone(leaf)),
        state: { count: count + 1 }
      })
    }
    const alternating: Recipe['schedule'] = (units, step) => [[units[step % 2]!]]
    const { trainer, state: first } = prepare(network(windows(3), { optimizer: counting, schedule: alternating }))
    let state = first
    for (let i = 0; i < 3; i++) ({ state } = trainer.step(state, batch(i)))
    expect(state.optimizers.stages).toEqual([{ count: 2 }, { count: 3 }, { count: 3 }, { count: 1 }])
    expect(state.optimizers.heads).toEqual({ unit0: { count: 2 }, unit1: { count: 1 } })
  })
})

describe('clear errors', () => {
  test.each<[string, () => unknown, string]>([
    [
      'a span beyond the depth',
      () => prepare(network(() => [{ start: 2, end: 5 }])),
      'isolation: span 0: expected 0 ≤ start ≤ end ≤ 4, for the backbone has 4 stages, got { start: 2, end: 5 }'
    ],
    [
      'a span the wrong way round',
      () => prepare(network(() => [{ start: 2, end: 1 }])),
      'expected 0 ≤ start ≤ end ≤ 4'
    ],
    [
      'no unit that learns',
      () => prepare(network(() => [{ start: 2, end: 2 }])),
      'recipe: expected at least one unit that holds a stage'
    ],
    [
      'a stage in place of what makes heads',
      () => prepare(network(whole, { head: linear(2) as never })),
      'recipe: expected head to be a function, as in head: () => projector({ dims: [128] }).'
    ],
    [
      'a loss in place of what makes losses',
      () => prepare(network(whole, { loss: pullTogether as never })),
      'recipe: expected loss to give each unit its own, as in loss: () => ntXent(), but it fails: '
    ],
    [
      'factories in place of what they make',
      () => prepare(network(whole, { loss: refusing as never })),
      'recipe: expected loss to give each unit its own, as in loss: () => ntXent(), but it fails: ntXent: ' +
        'expected options.'
    ],
    [
      'a factory of isolations',
      () => prepare(network((() => whole) as never)),
      'recipe: expected isolation to give spans, as in isolation: overlapping().'
    ],
    [
      'no head',
      () => prepare(network(whole, { head: () => undefined as never })),
      'recipe: expected a stage with init and apply, as in head: () => projector({ dims: [128] }).'
    ],
    [
      'no loss',
      () => prepare(network(whole, { loss: () => 'ntXent' as never })),
      'recipe: expected a loss, as ntXent() is, got "ntXent".'
    ],
    [
      'a name in place of a schedule',
      () => prepare(network(whole, { schedule: 'sequential' as never })),
      'recipe: expected schedule to be a function, as in schedule: sequential().'
    ],
    [
      'a number in place of a target',
      () => prepare(network(whole, { target: { momentum: 0.99 } as never })),
      'recipe: expected a function of the step, as in target: { momentum: () => 0.99 }.'
    ],
    ...[99, -0.1, NaN, '0.9'].map((momentum): [string, () => unknown, string] => [
      `a target momentum of ${momentum}`,
      () => step(network(whole, { target: { momentum: () => momentum as number } }), batch()),
      `target: expected a momentum from 0 to 1, got ${momentum} at step 0. Try 0.99: it is the part that stays.`
    ]),
    ...[NaN, Infinity].map((weight): [string, () => unknown, string] => [
      `a weight of ${weight}`,
      () => step(network(whole, { merge: units => units.map(() => weight) }), batch()),
      `merge: expected finite weights, got ${weight} at stage 0.`
    ]),
    [
      'a factory of merges',
      () => step(network(whole, { merge: mean as never }), batch()),
      'merge: expected 1 weights, one for each unit, got function. Return units.map(…).'
    ],
    [
      'a factory of schedules',
      () => step(network(whole, { schedule: (() => () => []) as never }), batch()),
      'schedule: expected rounds of units at step 0, as in units => [units].'
    ],
    [
      'parts of nothing',
      () => createTrainer(network(whole), { inputShape: [4], microBatch: 0 }),
      'createTrainer: expected a microBatch of 1 or more examples, got 0.'
    ],
    [
      'a shape with the batch open',
      () => createTrainer(network(whole), { inputShape: [null as never, 4] }),
      'createTrainer: expected the shape of one example, as in [height, width, channels], got [null,4].'
    ],
    [
      'an option of a step that there is not',
      () => {
        const { trainer, state } = prepare(network(whole))
        return trainer.step(state, batch(), { observed: true } as never)
      },
      'step: expected options among observe, got observed. Did you mean observe?'
    ],
    [
      'no optimizer',
      () => prepare(network(whole, { optimizer: {} as never })),
      'recipe: expected an optimizer, as in optimizer: adamW('
    ],
    [
      'two units of one name',
      () =>
        prepare(
          network(whole, { auxiliary: [{ name: 'unit0', start: 0, end: 0, head: linear(2), loss: pullTogether }] })
        ),
      'recipe: expected units with names of their own, got two called "unit0"'
    ],
    [
      'views of different examples',
      () => step(network(whole), { views: [tf.zeros([6, 4]), tf.zeros([5, 4])] }),
      'step: expected views of the same examples, got views of 6 and 5'
    ],
    [
      'labels of another length',
      () => step(network(whole), { ...batch(), labels: tf.tensor1d([1, 2], 'int32') }),
      'step: expected labels of shape [6, ...], a row for each example, got [2]'
    ],
    [
      'a loss that is no scalar',
      () =>
        step(
          network(whole, {
            loss:
              () =>
              ([a]) =>
                a as unknown as tf.Scalar
          }),
          batch()
        ),
      'unit "unit0": expected the loss to be one scalar, got shape [6,3]'
    ],
    [
      'a loss that ignores the embeddings',
      () => step(network(whole, { loss: () => () => tf.scalar(1) }), batch()),
      'expected a loss that depends on the embeddings'
    ],
    [
      'a parameter that does nothing',
      () => step(network(whole, { head: () => idle }), batch()),
      'expected every parameter to matter for the output, but unused does not'
    ],
    [
      'a schedule with nobody in it',
      () => step(network(whole, { schedule: () => [] }), batch()),
      'schedule: expected at least one round with a unit at step 0, got none'
    ]
  ])('%s', (_, act, message) => {
    const before = tf.memory().numTensors
    expect(act).toThrow(message)
    expect(tf.memory().numTensors).toBeLessThan(before + 60)
  })

  test('a stage that no unit teaches is allowed, but said', () => {
    const { trainer } = prepare(network(() => [{ start: 0, end: 2 }]))
    expect(trainer.warnings).toEqual([
      'No unit teaches stage 2 ("stage 2"): it keeps its first weights. Add a span that holds it if that is not meant.',
      'No unit teaches stage 3 ("stage 3"): it keeps its first weights. Add a span that holds it if that is not meant.'
    ])
  })
})

const refusing = (_: unknown): never => {
  throw new TypeError('ntXent: expected options.')
}

function nested(depth: number): Span[] {
  return Array.from({ length: depth }, (_, i) => ({ start: 0, end: i + 1 }))
}
const idle: Stage = stateless('idle', {
  init: (random, [inputs]) => ({
    params: { weights: random.normal([inputs!, 2]), unused: tf.zeros([2]) },
    outputShape: [2]
  }),
  apply: ({ weights }, x) => tf.matMul(x as tf.Tensor2D, weights as tf.Tensor2D)
})
/** Moves even what has no gradient: a stranger's zero gradient would show. */
const decaying: Optimizer = {
  init: () => ({}),
  update: (_, state, params) => ({ params: mapTree(params, leaf => tf.mul(tf.sub(leaf, 0.1), 0.9)), state })
}
const step = (recipe: Recipe, given: Batch): unknown => {
  const { trainer, state } = prepare(recipe)
  return trainer.step(state, given)
}
const copy = <T extends Params>(tree: T): T => mapTree<tf.Tensor, tf.Tensor>(tree, leaf => tf.clone(leaf)) as T
