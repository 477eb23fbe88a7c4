import * as tf from '@tensorflow/tfjs-core'
import type { Recipe, Shape, Span, Stage, Unit } from './contracts.ts'
import type { Random } from './random.ts'

/** The shape that enters each stage, and at the end the one that leaves the last; without the batch axis. */
export function shapesOf(stages: readonly Stage[], inputShape: Shape): readonly Shape[] {
  if (stages.length === 0) throw new RangeError('backbone: expected at least one stage, got none.')
  const shapes: Shape[] = [inputShape]
  for (const stage of stages) shapes.push(outputShapeOf(stage, shapes.at(-1)!))
  return shapes
}

/** The units of a recipe: those of its isolation, auxiliary ones last. */
export function unitsOf(recipe: Recipe, shapes: readonly Shape[]): readonly Unit[] {
  const depth = recipe.backbone.stages.length
  for (const [field, example] of Object.entries(functions) as [keyof typeof functions, string][]) {
    if (typeof recipe[field] !== 'function')
      throw new TypeError(`recipe: expected ${field} to be a function, as in ${field}: ${example}.`)
  }
  const spans = recipe.isolation(depth)
  const units: Unit[] = spans.map((span, i) => {
    checkSpan(span, depth, `isolation: span ${i}`)
    return { ...span, name: `unit${i}`, head: recipe.head(span, shapes[span.end]!), loss: lossOf(recipe, span, i) }
  })
  for (const unit of recipe.auxiliary ?? []) {
    checkSpan(unit, depth, `auxiliary unit "${unit.name}"`)
    units.push(unit)
  }
  if (!units.some(({ start, end }) => start < end)) {
    throw new RangeError(
      'recipe: expected at least one unit that holds a stage, got none. An empty span is a probe and teaches nothing.'
    )
  }
  const names = units.map(({ name }) => name)
  const unfit = names.find(
    name => typeof name !== 'string' || name === '' || name === '__proto__' || name.includes('.')
  )
  if (unfit !== undefined) {
    throw new Error(
      `recipe: expected the name of a unit to be a word without dots, got ${JSON.stringify(unfit)}: ` +
        'dots part the names of what is saved. Rename it.'
    )
  }
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined)
    throw new Error(
      `recipe: expected units with names of their own, got two called "${twice}". Rename the auxiliary one.`
    )
  return units
}

/** What a recipe gives for each unit. */
const functions = { isolation: 'overlapping()', head: '() => projector({ dims: [128] })', loss: '() => ntXent()' }

function lossOf(recipe: Recipe, span: Span, i: number): Unit['loss'] {
  try {
    return recipe.loss(span, i)
  } catch (error) {
    // A span is no pair of views.
    if (error instanceof TypeError)
      throw new TypeError(
        `recipe: expected loss to give each unit its own, as in loss: ${functions.loss}, but it fails: ` +
          `${error.message}.`,
        { cause: error }
      )
    throw error
  }
}

/** What to say about stages that no unit holds: allowed, but rarely meant. */
export function untaught(stages: readonly Stage[], units: readonly Unit[]): readonly string[] {
  return stages.flatMap(({ name }, i) =>
    units.some(({ start, end }) => start <= i && i < end)
      ? []
      : [
          `No unit teaches stage ${i} ("${name}"): it keeps its first weights. ` +
            'Add a span that holds it if that is not meant.'
        ]
  )
}

function checkSpan({ start, end }: Span, depth: number, who: string): void {
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end < start || end > depth) {
    throw new RangeError(
      `${who}: expected 0 ≤ start ≤ end ≤ ${depth}, for the backbone has ${depth} stages, got { start: ${start}, ` +
        `end: ${end} }. ` +
        'Shorten the span, or add stages.'
    )
  }
}

/** Asks a stage for its output shape. Its first weights are zeros here, so that nothing is drawn in vain. */
export const outputShapeOf = (stage: Stage, inputShape: Shape): Shape => {
  let outputShape: Shape = []
  tf.tidy(() => {
    outputShape = stage.init(zeros, inputShape).outputShape
  })
  return outputShape
}

const zeros: Random = {
  key: [0, 0],
  split: () => zeros,
  bits: count => new Uint32Array(count),
  uniforms: count => new Float32Array(count),
  normals: count => new Float32Array(count),
  permutation: count => Uint32Array.from({ length: count }, (_, i) => i),
  uniform: shape => tf.zeros([...shape]),
  normal: shape => tf.zeros([...shape])
}
