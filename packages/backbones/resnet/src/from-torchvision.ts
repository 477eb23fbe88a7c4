import { checkGiven, checkOptions, type Owned, type Variables } from '@lapstrake/core'
import { fromStateDict } from '@lapstrake/layers'
import type * as tf from '@tensorflow/tfjs-core'
import { architecture, resNet, type ResNetOptions } from './res-net.ts'
import { named } from './torchvision.ts'

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
  checkGiven('fromTorchvision', 'tensors by name, as in { "conv1.weight": … }', tensors, 'record')
  const { depth = 18 } = options
  const called = `a ResNet-${depth} of torchvision`
  const first = tensors['conv1.weight']
  if (first === undefined)
    throw new Error(
      `fromTorchvision: expected ${called}, but conv1.weight is missing. ` +
        "Its tensors stand under plain names: take off a prefix such as 'module.'."
    )
  return fromStateDict('fromTorchvision', tensors, {
    called,
    told: 'the depth, the stem and the norm',
    stages: resNet({ ...options, width: first.shape[0]! }).stages,
    inputShape: [32, 32, first.shape[1]!],
    naming: named
  })
}
