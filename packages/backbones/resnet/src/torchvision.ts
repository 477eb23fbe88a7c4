import { checkGiven, namedLeaves, own, type Owned, type Tree, type Variables } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

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
export function toTorchvision(stages: readonly Variables[]): Owned<Readonly<Record<string, tf.Tensor>>> {
  checkGiven('toTorchvision', 'the variables of stages, as in state.stages', stages, 'list')
  for (const variables of stages)
    checkGiven('toTorchvision', 'the variables of stages, as in state.stages', variables, 'record')
  return own(() =>
    Object.fromEntries(
      named(stages).map(({ name, value }) => [
        name,
        value.rank === 4 ? tf.transpose(value, [3, 2, 0, 1]) : tf.clone(value)
      ])
    )
  )
}

export const treeOf = (stages: readonly Variables[]): Tree<tf.Tensor> =>
  stages.map(({ params, buffers }) => ({ params, buffers }))

/** Leaves of a resNet's stages under torchvision's names, in the order of the tree. */
export function named(stages: readonly Variables[]): readonly { readonly name: string; readonly value: tf.Tensor }[] {
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
