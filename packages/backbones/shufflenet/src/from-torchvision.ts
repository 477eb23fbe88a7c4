import { checkOptions, type Owned, type Variables } from '@lapstrake/core'
import { fromStateDict } from '@lapstrake/layers'
import type * as tf from '@tensorflow/tfjs-core'
import { architecture, shuffleNet, type ShuffleNetOptions } from './shuffle-net.ts'
import { named } from './torchvision.ts'

/**
 * Variables for the stages of a {@link shuffleNet} from the tensors of a ShuffleNet v2 of torchvision, by their names
 * there: `conv1.0.weight`, `stage2.0.branch1.0.weight`, …, `conv5.1.running_var`. The classifier `fc` and the counts
 * `num_batches_tracked` are left aside. torchvision's stem is `imagenet`.
 *
 * @throws Error that names the first tensor that is missing, too much or of another shape
 * @throws TypeError for what are no tensors by name, and for options that shuffleNet refuses
 */
export function shuffleNetFromTorchvision(
  tensors: Readonly<Record<string, tf.Tensor>>,
  options: ShuffleNetOptions = {}
): Owned<readonly Variables[]> {
  checkOptions<ShuffleNetOptions>('shuffleNetFromTorchvision', options, architecture)
  const { width = 1 } = options
  return fromStateDict('shuffleNetFromTorchvision', tensors, {
    called: `a ShuffleNet v2 x${width.toFixed(1)} of torchvision`,
    told: 'the width and the norm',
    stages: shuffleNet(options).stages,
    inputShape: [32, 32, tensors?.['conv1.0.weight']?.shape[1] ?? 3],
    naming: named
  })
}
