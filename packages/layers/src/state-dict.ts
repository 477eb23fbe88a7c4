import {
  checkGiven,
  namedLeaves,
  own,
  seeded,
  withLeaves,
  type Owned,
  type Random,
  type Shape,
  type Stage,
  type Tree,
  type Variables
} from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/**
 * What PyTorch calls the tensors of such stages: given the variables, a function from a tensor's path among them, such
 * as `0.params.0.kernel`, to its name there.
 */
export type Naming = (stages: readonly Variables[]) => (path: string) => string

/**
 * Variables of stages as PyTorch names and lays them out: kernels are `[filters, channels, height, width]`.
 *
 * @param who whom errors name
 * @throws TypeError for what are no variables, and what `naming` throws
 */
export function toStateDict(
  who: string,
  stages: readonly Variables[],
  naming: Naming
): Owned<Readonly<Record<string, tf.Tensor>>> {
  const expected = 'the variables of stages, as in state.stages'
  checkGiven(who, expected, stages, 'list')
  for (const variables of stages) checkGiven(who, expected, variables, 'record')
  return own(() =>
    Object.fromEntries(
      named(stages, naming).map(({ name, value }) => [
        name,
        value.rank === 4 ? tf.transpose(value, [3, 2, 0, 1]) : tf.clone(value)
      ])
    )
  )
}

/** A network that PyTorch has weights of. */
export interface TorchNetwork {
  /** In words, as in `a ResNet-18 of torchvision`. */
  readonly called: string
  /** What tells one such network from another, in words, as in `the depth and the norm`. */
  readonly told: string
  readonly stages: readonly Stage[]
  readonly inputShape: Shape
  readonly naming: Naming
}

/**
 * Variables for stages from tensors under PyTorch's names, in its layout. The classifier `fc` and the counts
 * `num_batches_tracked` are left aside.
 *
 * @param who whom errors name
 * @throws Error that names the first tensor that is missing, too much or of another shape
 * @throws TypeError for what are no tensors by name
 */
export function fromStateDict(
  who: string,
  tensors: Readonly<Record<string, tf.Tensor>>,
  { called, told, stages, inputShape, naming }: TorchNetwork
): Owned<readonly Variables[]> {
  checkGiven(who, 'tensors by name, as in { "conv1.weight": … }', tensors, 'record')
  const expected = `${who}: expected ${called}`
  const advice = `Give ${told} that it was made with.`
  return own(() => {
    const like = empty(stages, inputShape)
    const leaves = named(like, naming)
    const wanted = new Set(leaves.map(({ name }) => name))
    const stranger = Object.keys(tensors).find(
      name => !wanted.has(name) && !name.startsWith('fc.') && !name.endsWith('num_batches_tracked')
    )
    if (stranger !== undefined) throw new Error(`${expected}, but there is ${stranger}, too. ${advice}`)
    return withLeaves<tf.Tensor, unknown>(
      treeOf(like),
      leaves.map(({ name, value }) => {
        const tensor = tensors[name]
        if (tensor === undefined) throw new Error(`${expected}, but ${name} is missing. ${advice}`)
        const shape = value.rank === 4 ? [3, 2, 0, 1].map(axis => value.shape[axis]!) : value.shape
        if (tensor.shape.join() !== shape.join()) {
          throw new Error(
            `${expected} with ${name} of shape [${shape.join(', ')}], got [${tensor.shape.join(', ')}]. ${advice}`
          )
        }
        return tensor.rank === 4 ? tf.transpose(tensor, [2, 3, 1, 0]) : tf.clone(tensor)
      })
    ) as readonly Variables[]
  })
}

const treeOf = (stages: readonly Variables[]): Tree<tf.Tensor> =>
  stages.map(({ params, buffers }) => ({ params, buffers }))

/** Leaves under PyTorch's names, in the order of the tree. */
function named(
  stages: readonly Variables[],
  naming: Naming
): readonly { readonly name: string; readonly value: tf.Tensor }[] {
  const nameOf = naming(stages)
  return namedLeaves<tf.Tensor>(treeOf(stages)).map(({ name, value }) => ({ name: nameOf(name), value }))
}

/** First variables without the trouble of drawing them. */
function empty(stages: readonly Stage[], inputShape: Shape): readonly Variables[] {
  const zeros: Random = { ...seeded(0), split: () => zeros, normal: shape => tf.zeros([...shape]) }
  let entering = inputShape
  return stages.map(stage => {
    const { params, buffers, outputShape } = stage.init(zeros, entering)
    entering = outputShape
    return { params, buffers }
  })
}
