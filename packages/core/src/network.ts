import * as tf from '@tensorflow/tfjs-core'
import { checkContext, checkInput } from './check-batch.ts'
import { checkShape, checkStages } from './check-recipe.ts'
import { climb } from './climb.ts'
import type { Backbone, Context, Stage, Variables } from './contracts.ts'
import type { Shape } from './shape.ts'
import { checkOptions } from './options.ts'
import { copyOf, own, tensorsOf, type Owned } from './memory.ts'
import type { Random } from './random.ts'

/**
 * A backbone for inputs of one shape, with nobody who trains it. Holds no tensors: the variables of its stages are
 * given to it, those of a run as `state.stages`.
 *
 * Levels are counted from the bottom: 0 is the input, `n` what leaves the `n`-th stage.
 */
export interface Network {
  /** The shape at each level, without the batch axis. */
  readonly shapes: readonly Shape[]
  /** First variables of every stage; the same for the same randomness. */
  init(random: Random): Owned<readonly Variables[]>
  /**
   * What a network at inference makes of `[batch, ...inputShape]`: the output of its last stage, or that at `level`.
   *
   * @throws RangeError if there is no such level
   * @throws Error if the input or its context has not the batch as its first axis, or variables do not fit
   */
  encode(variables: readonly Variables[], input: tf.Tensor, options?: EncodeOptions): Owned<tf.Tensor>
  /**
   * The same at many levels in one climb, in which each stage runs once: at those of `which`, in its order, or at every
   * level above the input.
   *
   * @throws RangeError if one of them does not exist
   */
  levels(variables: readonly Variables[], input: tf.Tensor, options?: LevelsOptions): Owned<readonly tf.Tensor[]>
}

export interface EncodeOptions {
  /** Constants beside the input, for stages that look for them in `mode.context`. */
  readonly context?: Context | undefined
  /** What is read; the top when left out. */
  readonly level?: number | undefined
}

export interface LevelsOptions extends Omit<EncodeOptions, 'level'> {
  /** What is read, in this order; every level above the input when left out. */
  readonly which?: readonly number[] | undefined
}

/**
 * A network of a backbone's stages.
 *
 * @param inputShape of one example, as in `[height, width, channels]`
 * @throws RangeError if the backbone has no stages
 * @throws TypeError for what is no backbone or no shape
 */
export function networkOf(backbone: Pick<Backbone, 'stages'>, inputShape: Shape): Network {
  checkStages('networkOf', backbone)
  checkShape('networkOf', inputShape)
  const { stages } = backbone
  const shapes = shapesOf(stages, inputShape)

  const levels: Network['levels'] = (variables, input, options = {}) => {
    checkOptions<LevelsOptions>('levels', options, { which: 'list', context: ['record', 'list'] })
    const { which = upTo(stages.length), context } = options
    for (const level of which) {
      if (!Number.isInteger(level) || level < 0 || level > stages.length)
        throw new RangeError(`network: expected a level of 0 to ${stages.length}, one above each stage, got ${level}.`)
    }
    checkVariables(stages, variables)
    checkInput('network', input, inputShape)
    if (context !== undefined) checkContext('network', context, input.shape[0]!)
    return own(() => {
      const found = new Map<number, tf.Tensor>()
      climb(
        { stages, variables, mode: { training: false }, top: Math.max(0, ...which) },
        { tensors: [tf.clone(input)], contexts: [context] },
        (level, { tensors: [flow] }) => {
          if (which.includes(level)) found.set(level, tf.clone(flow!))
        }
      )
      return which.map((level, i) => (which.indexOf(level) === i ? found.get(level)! : tf.clone(found.get(level)!)))
    })
  }

  return {
    shapes,
    init: random =>
      own(() =>
        stages.map((stage, i): Variables => {
          const { params, buffers } = stage.init(random.split('stage', i), shapes[i]!)
          // Weights may come from elsewhere, and stay theirs.
          return copyOf({ params, buffers })
        })
      ),
    encode(variables, input, options = {}) {
      checkOptions<EncodeOptions>('encode', options, { level: 'number', context: ['record', 'list'] })
      const { level = stages.length, context } = options
      return levels(variables, input, { which: [level], context })[0]! as Owned<tf.Tensor>
    },
    levels
  }
}

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i + 1)

function checkVariables(stages: readonly Stage[], variables: readonly Variables[]): void {
  if (tensorsOf(variables).some(({ isDisposed }) => isDisposed))
    throw new Error('network: expected living variables, got ones that were disposed or that a step already consumed.')
  if (variables.length !== stages.length) {
    throw new Error(
      `network: expected the variables of ${stages.length} stages, got those of ${variables.length}. ` +
        'Give it state.stages of a run with the same backbone, or what its init returned.'
    )
  }
}

/** The shape that enters each stage, and at the end the one that leaves the last; without the batch axis. */
function shapesOf(stages: readonly Stage[], inputShape: Shape): readonly Shape[] {
  if (stages.length === 0) throw new RangeError('backbone: expected at least one stage, got none.')
  const shapes: Shape[] = [inputShape]
  for (const stage of stages) shapes.push(outputShapeOf(stage, shapes.at(-1)!))
  return shapes
}

/** Asks a stage for its output shape. Its first weights are zeros here, so that nothing is drawn in vain. */
export function outputShapeOf(stage: Stage, inputShape: Shape): Shape {
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
