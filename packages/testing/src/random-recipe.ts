import {
  leaves,
  mapViews,
  mean,
  own,
  seeded,
  stateless,
  sum,
  tensorsOf,
  upperOnly,
  withLeaves,
  type Batch,
  type LocalLoss,
  type Loss,
  type Merge,
  type Owned,
  type Params,
  type Random,
  type Recipe,
  type Schedule,
  type Span,
  type Stage,
  type State,
  type Unit,
  type Variables,
  type Views
} from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/** A recipe that nobody thought of, with all that a step of it needs. */
export interface RandomRecipe {
  readonly recipe: Recipe
  readonly inputShape: readonly number[]
  /** Rows learned from at a time, where that is not the whole batch. */
  readonly microBatch: number | undefined
  /** What was drawn, to name a case by. */
  readonly said: string
  batch(): Owned<Batch>
}

const rate = 0.05

/** Draws stages and their widths, spans, merge, schedule, losses and parts of a batch. */
export function randomRecipe(random: Random): RandomRecipe {
  const draw = drawing(random)
  const depth = draw.whole(1, 6)
  const maps = draw.chance(0.3)
  const rows = draw.whole(2, 6)
  const microBatch = draw.chance(0.3) ? draw.whole(1, rows) : undefined
  const inputShape = maps ? [3, 3, draw.whole(1, 4)] : [draw.whole(1, 6)]
  const kinds = Object.entries(maps ? mapStages : rowStages).filter(
    ([name]) => microBatch === undefined || !acrossRows.has(name)
  )
  const names: string[] = []
  const stages = Array.from({ length: depth }, (_, i) => {
    const [name, make] = draw.among(kinds)
    const width = draw.whole(1, 6)
    names.push(`${name} ${width}`)
    return make(`${i} ${name}`, width)
  })
  const spans = drawSpans(draw, depth)
  const heads = new Map(spans.map(span => [span, draw.chance(0.2) ? meanOfMaps : rowsOf(draw.whole(1, 4))]))
  const losses = spans.map(() => draw.among(Object.entries(someLosses)))
  const [mergeName, merge] = draw.among(Object.entries(merges))
  const [scheduleName, schedule] = draw.among(Object.entries(schedules))
  const views = draw.whole(1, 3)
  const seed = draw.whole(0, 1e6)
  return {
    inputShape,
    microBatch,
    said:
      `${names.join(', ')}; ${spans.map(({ start, end }) => `${start}–${end}`).join(' ')}; ` +
      `${losses.map(([name]) => name).join(', ')}; ${mergeName}; ${scheduleName}; ${rows} rows, ${views} views` +
      (microBatch === undefined ? '' : `, ${microBatch} at a time`),
    recipe: {
      backbone: { name: 'random', stages },
      isolation: () => spans,
      head: span => heads.get(span as Span)!,
      loss: (_, i) => losses[i]![1](),
      merge: merge(seed),
      schedule: schedule(seed),
      optimizer: descent
    },
    batch: () =>
      own(() => ({
        views: Array.from({ length: views }, (_, v) =>
          seeded(seed)
            .split('view', v)
            .normal([rows, ...inputShape])
        ) as unknown as Views
      }))
  }
}

/** What is drawn one after another from one source. */
interface Draw {
  whole(least: number, most: number): number
  chance(probability: number): boolean
  among<T>(choices: readonly T[]): T
}

function drawing(random: Random): Draw {
  let place = 0
  const next = (): number => random.split(place++).uniforms(1)[0]!
  const whole: Draw['whole'] = (least, most) => least + Math.floor(next() * (most - least + 1))
  return { whole, chance: probability => next() < probability, among: all => all[whole(0, all.length - 1)]! }
}

/** Any spans, overlapping or not, some of them probes; one at least holds a stage. */
function drawSpans(draw: Draw, depth: number): readonly Span[] {
  const any = (): Span => {
    const start = draw.whole(0, depth)
    return { start, end: draw.whole(start, depth) }
  }
  const start = draw.whole(0, depth - 1)
  return [...Array.from({ length: draw.whole(0, 4) }, any), { start, end: draw.whole(start + 1, depth) }]
}

const weightsFor = (random: Random, shape: readonly number[]): tf.Tensor => random.normal(shape, 0, 0.6)

/** Stages of rows `[batch, dim]`. */
const rowStages: Readonly<Record<string, (name: string, width: number) => Stage>> = {
  dense: (name, width) =>
    stateless(name, {
      init: (random, [inputs]) => ({
        params: { weights: weightsFor(random, [inputs!, width]), bias: random.split('bias').normal([width], 0, 0.2) },
        outputShape: [width]
      }),
      apply: ({ weights, bias }, x) => tf.tanh(tf.add(tf.matMul(x as tf.Tensor2D, weights as tf.Tensor2D), bias!))
    }),
  scale: name =>
    stateless(name, {
      init: (random, shape) => ({ params: [random.normal(shape, 1, 0.2)], outputShape: shape }),
      apply: ([factor], x) => tf.mul(x, factor!)
    }),
  centred: (name, width) =>
    stateless(name, {
      init: (random, [inputs]) => ({ params: { weights: weightsFor(random, [inputs!, width]) }, outputShape: [width] }),
      apply: ({ weights }, x) => {
        const y = tf.matMul(x as tf.Tensor2D, weights as tf.Tensor2D)
        return tf.sigmoid(tf.sub(y, tf.mul(tf.mean(y, 0), 0.5)))
      }
    }),
  still: name =>
    stateless(name, { init: (_, shape) => ({ params: {}, outputShape: shape }), apply: (_, x) => tf.sin(x) })
}

/** Stages of maps `[batch, height, width, channels]`. */
const mapStages: Readonly<Record<string, (name: string, width: number) => Stage>> = {
  convolution: (name, width) =>
    stateless(name, {
      init: (random, [height, across, channels]) => ({
        params: { filter: weightsFor(random, [3, 3, channels!, width]) },
        outputShape: [height!, across!, width]
      }),
      apply: ({ filter }, x) => tf.tanh(tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same'))
    }),
  ...(Object.fromEntries(['scale', 'still'].map(kind => [kind, rowStages[kind]!])) as typeof rowStages)
}

/** Kinds whose rows depend on one another: a batch in parts is another batch to them. */
const acrossRows: ReadonlySet<string> = new Set(['centred'])

const rowsOf = (dim: number): Stage =>
  stateless('rows', {
    init: (random, shape) => ({ params: { weights: weightsFor(random, [shape.at(-1)!, dim]) }, outputShape: [dim] }),
    apply: ({ weights }, x) => tf.matMul(pooled(x), weights as tf.Tensor2D)
  })
const meanOfMaps: Stage = stateless('mean', {
  init: (_, shape) => ({ params: {}, outputShape: [shape.at(-1)!] }),
  apply: (_, x) => pooled(x)
})
const pooled = (x: tf.Tensor): tf.Tensor2D => (x.rank === 4 ? tf.mean(x, [1, 2]) : tf.clone(x)) as tf.Tensor2D

const spread: Loss = views => tf.mean(tf.square(tf.sub(tf.concat([...views], 0), 0.3)))
const agree: Loss = ([first, ...others]) =>
  tf.addN([first, ...others].map((view, i) => tf.mean(tf.mul(tf.squaredDifference(view, tf.sin(first)), i + 1))))
/** Every row against every other, as contrastive losses are. */
const contrast: Loss = views => {
  const rows = tf.concat([...views], 0)
  return tf.mean(tf.logSumExp(tf.matMul(rows, rows, false, true), 1)) as tf.Scalar
}
const projected = (): LocalLoss => ({
  init: (random, { embedding }) => ({ params: { onto: weightsFor(random, [embedding.at(-1)!, 2]) }, memory: {} }),
  apply: (views, _, { params }) => ({
    loss: tf.mean(tf.square(tf.matMul(tf.concat([...views], 0), tensorsOf(params)[0] as tf.Tensor2D))),
    memory: {}
  })
})
const someLosses: Readonly<Record<string, () => LocalLoss>> = {
  spread: () => spread,
  agree: () => agree,
  contrast: () => contrast,
  projected
}

/** The number of a unit, by its name. */
const numberOf = ({ name }: Unit): number => Number(name.slice('unit'.length))

const merges: Readonly<Record<string, (seed: number) => Merge>> = {
  sum: () => sum(),
  mean: () => mean(),
  'upper only': () => upperOnly(),
  weighted: seed => units => units.map(unit => seeded(seed).split('merge', numberOf(unit)).uniforms(1)[0]! * 2 - 0.5)
}

const schedules: Readonly<Record<string, (seed: number) => Schedule>> = {
  'at once': () => units => [units],
  'one after another': () => units => units.map(unit => [unit]),
  backwards: () => units => [[...units].reverse()],
  'some rounds': seed => units => {
    const rounds: Unit[][] = [[], [], []]
    for (const unit of units) rounds[seeded(seed).split('round', numberOf(unit)).bits(1)[0]! % 3]!.push(unit)
    return rounds
  },
  'not all': () => units => [units.slice(0, Math.max(1, units.length - 1))]
}

const descent: Recipe['optimizer'] = {
  init: () => ({}),
  update: (gradients, state, params) => ({ params: moved(params, leaves(gradients) as tf.Tensor[]), state })
}
const moved = (params: Params, gradients: readonly tf.Tensor[]): Params =>
  withLeaves(
    params,
    leaves(params).map((param, i) => tf.sub(param as tf.Tensor, tf.mul(gradients[i]!, rate)))
  )

/** All that moves in a step, in the order of {@link movedBy}. */
export const parametersOf = ({ stages, units }: State): readonly tf.Tensor[] => [
  ...stages.flatMap(({ params }) => tensorsOf(params)),
  ...Object.values(units).flatMap(({ head, loss }) => [...tensorsOf(head.params), ...tensorsOf(loss.params)])
]

/**
 * The parameters after a step as one writes it down: each unit by itself, with automatic differentiation and a
 * constant below it, round by round.
 */
export function movedBy(
  { recipe }: RandomRecipe,
  units: readonly Unit[],
  state: State,
  batch: Batch
): Owned<tf.Tensor[]> {
  const { backbone, merge = sum(), schedule = all => [all] } = recipe
  const probes = units.filter(({ start, end }) => start === end)
  const [first = [], ...later] = schedule(
    units.filter(({ start, end }) => start < end),
    0
  ).filter(({ length }) => length > 0)
  return own(() => {
    let [stages, heads] = [state.stages.map(({ params }) => params), headsOf(state)]
    for (const round of [[...first, ...probes], ...later]) {
      const taught = stages.map(params => tensorsOf(params).map(tensor => tf.zerosLike(tensor)))
      const next = new Map(heads)
      for (const unit of round) {
        const { ofStages, ofHead } = gradientOf(unit, backbone.stages, stages, heads.get(unit.name)!, state, batch)
        ofStages.forEach((gradients, i) => {
          const stage = unit.start + i
          const holding = round
            .filter(({ start, end }) => start <= stage && stage < end)
            .sort((a, b) => a.end - b.end || a.start - b.start)
          const weight = merge(holding)[holding.indexOf(unit)]!
          taught[stage] = taught[stage]!.map((sum, j) => tf.add(sum, tf.mul(gradients[j]!, weight)))
        })
        next.set(unit.name, moved(heads.get(unit.name)!, ofHead) as readonly [Params, Params])
      }
      stages = stages.map((params, i) => moved(params, taught[i]!))
      heads = next
    }
    const names = Object.keys(state.units)
    return [...stages.flatMap(tensorsOf), ...names.flatMap(name => tensorsOf(heads.get(name)))]
  })
}

/** Of each unit the parameters of its head and of its loss. */
const headsOf = ({ units }: State): Map<string, readonly [head: Params, loss: Params]> =>
  new Map(Object.entries(units).map(([name, { head, loss }]) => [name, [head.params, loss.params as Params]]))

/** What a unit alone teaches the stages of its span, and its head with its loss. */
function gradientOf(
  unit: Unit,
  all: readonly Stage[],
  params: readonly Params[],
  head: readonly [Params, Params],
  state: State,
  { views, ...rest }: Batch
): { readonly ofStages: readonly (readonly tf.Tensor[])[]; readonly ofHead: readonly tf.Tensor[] } {
  const mode = { training: true, random: seeded(0) } as const
  const through = (x: tf.Tensor, from: number, to: number, own: readonly Params[]): tf.Tensor =>
    all
      .slice(from, to)
      .reduce((y, stage, i) => stage.apply({ params: own[i]!, buffers: {} } as Variables, y, mode).output, x)
  const below = through(tf.concat([...views], 0), 0, unit.start, params)
  const within = params.slice(unit.start, unit.end)
  const groups = [...within, ...head].map(tree => tensorsOf(tree))
  const value = (...given: tf.Tensor[]): tf.Scalar => {
    let place = 0
    const filled = [...within, ...head].map((tree, i) => {
      const taken = given.slice(place, (place += groups[i]!.length))
      return withLeaves(tree, taken)
    })
    const top = through(below, unit.start, unit.end, filled)
    const embedded = unit.head.apply({ params: filled[within.length]!, buffers: {} }, top, mode).output
    const rows = views[0].shape[0]!
    const embeddings = mapViews(views, (_, v) => tf.slice(embedded, v * rows, rows) as tf.Tensor2D)
    const batch = { views, ...rest }
    return typeof unit.loss === 'function'
      ? unit.loss(embeddings, batch)
      : unit.loss.apply(embeddings, batch, {
          params: filled[within.length + 1]!,
          memory: state.units[unit.name]!.loss.memory
        }).loss
  }
  const flat = groups.flat()
  const gradients = flat.length === 0 ? [] : tf.grads(value)(flat)
  let place = 0
  const parts = groups.map(group => gradients.slice(place, (place += group.length)))
  return { ofStages: parts.slice(0, within.length), ofHead: parts.slice(within.length).flat() }
}
