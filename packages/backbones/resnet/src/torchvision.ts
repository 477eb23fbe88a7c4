import type { Owned, Variables } from '@lapstrake/core'
import { toStateDict, type Naming } from '@lapstrake/layers'
import type * as tf from '@tensorflow/tfjs-core'

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
  return toStateDict('toTorchvision', stages, named)
}

/** What torchvision calls the tensors of a resNet's stages. */
export const named: Naming = stages => {
  const blocks = namesOfBlocks(stages)
  return path => {
    const [stage, , part, ...rest] = path.split('.')
    const block = blocks.get(`${stage}.${part}`)
    const last = { kernel: 'weight', scale: 'weight', offset: 'bias', mean: 'running_mean', variance: 'running_var' }[
      rest.at(-1)!
    ]
    if (last === undefined)
      throw new Error(
        `toTorchvision: expected the variables of a resNet, got ${path}. Other backbones have no names there.`
      )
    const isConvolution = rest.at(-1) === 'kernel'
    if (block === undefined) return `${isConvolution ? 'conv1' : 'bn1'}.${last}`
    if (rest[0] === 'skip') return `${block}.downsample.${isConvolution ? 0 : 1}.${last}`
    return `${block}.${isConvolution ? 'conv' : 'bn'}${Number(rest[1]) + 1}.${last}`
  }
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
