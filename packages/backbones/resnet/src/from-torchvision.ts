import {
  checkOptions,
  own,
  seeded,
  withLeaves,
  type Owned,
  type Random,
  type Shape,
  type Variables
} from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { resNet, architecture, type ResNetOptions } from './res-net.ts'
import { named, treeOf } from './torchvision.ts'

/** Those of the {@link resNet} that is to have the weights. */
export type FromTorchvisionOptions = Omit<ResNetOptions, 'width' | 'zeroInitResidual'>

/**
 * Variables for the stages of a {@link resNet} from the tensors of a ResNet of torchvision, by their names there:
 * `conv1.weight`, `bn1.running_mean`, `layer1.0.conv1.weight`, `layer2.0.downsample.0.weight`, … The width is that of
 * `conv1.weight`. The classifier `fc` and the counts `num_batches_tracked` are left aside. With the stem `cifar`,
 * `conv1` is 3×3.
 *
 * @throws Error that names the first tensor that is missing, too much or of another shape
 */
export function fromTorchvision(
  tensors: Readonly<Record<string, tf.Tensor>>,
  options: FromTorchvisionOptions = {}
): Owned<readonly Variables[]> {
  checkOptions<FromTorchvisionOptions>('fromTorchvision', options, architecture)
  if (typeof tensors !== 'object' || tensors === null)
    throw new TypeError('fromTorchvision: expected tensors by name, as in { "conv1.weight": … }, got none.')
  const { depth = 18 } = options
  const who = `fromTorchvision: expected a ResNet-${depth} of torchvision`
  const first = tensors['conv1.weight']
  if (first === undefined)
    throw new Error(
      `${who}, but conv1.weight is missing. Its tensors stand under plain names: take off a prefix such as 'module.'.`
    )
  return own(() => {
    const like = empty(resNet({ ...options, width: first.shape[0]! }).stages, [32, 32, first.shape[1]!])
    const leaves = named(like)
    const wanted = new Set(leaves.map(({ name }) => name))
    const stranger = Object.keys(tensors).find(
      name => !wanted.has(name) && !name.startsWith('fc.') && !name.endsWith('num_batches_tracked')
    )
    if (stranger !== undefined)
      throw new Error(`${who}, but there is ${stranger}, too. Give the depth and the norm that it was made with.`)
    return withLeaves<tf.Tensor, unknown>(
      treeOf(like),
      leaves.map(({ name, value }) => {
        const tensor = tensors[name]
        if (tensor === undefined)
          throw new Error(`${who}, but ${name} is missing. Give the depth and the norm that it was made with.`)
        const shape = turned(value.shape, [3, 2, 0, 1])
        if (tensor.shape.join() !== shape.join()) {
          throw new Error(
            `${who} with ${name} of shape [${shape.join(', ')}], got [${tensor.shape.join(', ')}]. ` +
              'Give the depth and the stem that it was made with.'
          )
        }
        return tensor.rank === 4 ? tf.transpose(tensor, [2, 3, 1, 0]) : tf.clone(tensor)
      })
    ) as readonly Variables[]
  })
}

/** First variables without the trouble of drawing them. */
function empty(
  stages: readonly { init(random: Random, shape: Shape): Variables & { readonly outputShape: Shape } }[],
  inputShape: Shape
): readonly Variables[] {
  const zeros: Random = { ...seeded(0), split: () => zeros, normal: shape => tf.zeros([...shape]) }
  let entering = inputShape
  return stages.map(stage => {
    const { params, buffers, outputShape } = stage.init(zeros, entering)
    entering = outputShape
    return { params, buffers }
  })
}

const turned = (shape: Shape, order: readonly number[]): Shape =>
  shape.length === order.length ? order.map(axis => shape[axis]!) : shape
