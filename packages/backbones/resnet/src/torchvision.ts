import {
  namedLeaves,
  own,
  seeded,
  withLeaves,
  type Owned,
  type Random,
  type Shape,
  type Tree,
  type Variables
} from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { resNet, type ResNetOptions } from './res-net.ts'

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

/**
 * The variables of a {@link resNet}'s stages as torchvision's ResNets name and lay them out: a `state_dict` without the
 * classifier. Kernels are `[filters, channels, height, width]`.
 *
 * In PyTorch, with them saved as safetensors: `model.load_state_dict(safetensors.torch.load_file(path), strict=False)`,
 * and `model.fc = torch.nn.Identity()` for features. A model with the stem `cifar` wants
 * `model.conv1 = torch.nn.Conv2d(3, 64, 3, padding=1, bias=False)` and `model.maxpool = torch.nn.Identity()` first.
 *
 * @throws Error for the variables of something else
 */
export const toTorchvision = (stages: readonly Variables[]): Owned<Readonly<Record<string, tf.Tensor>>> =>
  own(() =>
    Object.fromEntries(
      named(stages).map(({ name, value }) => [
        name,
        value.rank === 4 ? tf.transpose(value, [3, 2, 0, 1]) : tf.clone(value)
      ])
    )
  )

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

const treeOf = (stages: readonly Variables[]): Tree<tf.Tensor> =>
  stages.map(({ params, buffers }) => ({ params, buffers }))

/** Every leaf with its name in torchvision, in the order of the tree. */
function named(stages: readonly Variables[]): readonly { readonly name: string; readonly value: tf.Tensor }[] {
  const blocks = namesOfBlocks(stages)
  return namedLeaves(treeOf(stages)).map(({ name, value }) => {
    const [stage, , part, ...rest] = name.split('.')
    const block = blocks.get(`${stage}.${part}`)
    const last = { kernel: 'weight', scale: 'weight', offset: 'bias', mean: 'running_mean', variance: 'running_var' }[
      rest.at(-1)!
    ]
    if (last === undefined)
      throw new Error(
        `toTorchvision: expected the variables of a resNet, got ${name}. Other backbones have no names there.`
      )
    const isConvolution = rest.at(-1) === 'kernel'
    if (block === undefined) return { name: `${isConvolution ? 'conv1' : 'bn1'}.${last}`, value }
    if (rest[0] === 'skip') return { name: `${block}.downsample.${isConvolution ? 0 : 1}.${last}`, value }
    return { name: `${block}.${isConvolution ? 'conv' : 'bn'}${Number(rest[1]) + 1}.${last}`, value }
  })
}

/**
 * `layer1.0`, … for the residual blocks, by their places `stage.part`. Wherever the stages are cut, a layer begins with
 * a shortcut that is projected; the first layer may begin without one.
 */
function namesOfBlocks(stages: readonly Variables[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  let [layer, block] = [1, 0]
  stages.forEach(
    ({ params }, stage) =>
      Array.isArray(params) &&
      (params as readonly { readonly skip?: object | undefined }[]).forEach(({ skip }, part) => {
        if (skip === undefined) return
        if (names.size > 0 && Object.keys(skip).length > 0) [layer, block] = [layer + 1, 0]
        names.set(`${stage}.${part}`, `layer${layer}.${block++}`)
      })
  )
  return names
}
