import { checkOptions, own } from '@lapstrake/core'
import { policies, type PolicyName } from './auto-augment-policies.ts'
import { checkColors, type Augment } from './compose.ts'
import { changedEach, type Chosen } from './operations/operations.ts'

export interface AutoAugmentOptions {
  /** What the policy was found for. */
  readonly policy: PolicyName
}

/**
 * AutoAugment: for each image one of 25 pairs of operations, each with its own probability and magnitude, as they were
 * found for CIFAR-10, ImageNet or SVHN (Cubuk et al. 2019, tables 7 to 9, https://arxiv.org/abs/1805.09501).
 *
 * The nine steps of a magnitude are equal, and what has two directions takes either as often, as in torchvision. Moves,
 * grey images and ranges are those of `randAugment`. It crops nothing: put `randomResizedCrop` before it by `compose`.
 *
 * @throws TypeError for a policy that there is not, and in use for what are no images of one or three channels
 */
export function autoAugment(options: AutoAugmentOptions): Augment {
  checkOptions('autoAugment', options, { policy: { among: Object.keys(policies) } })
  const pairs = policies[options.policy]
  if (pairs === undefined)
    throw new TypeError("autoAugment: expected the policy 'cifar10', 'imagenet' or 'svhn', got none. Choose one.")
  return (images, random) => {
    checkColors('autoAugment', images)
    return own(() => {
      const count = images.shape[0]
      const which = Array.from(random.split('pair').uniforms(count), u => pairs[Math.floor(u * pairs.length)]!)
      return [0, 1].reduce((flow, step) => {
        const [applies, signs] = ['apply', 'sign'].map(what => random.split(step, what).uniforms(count))
        const chosen = which.map((pair, i): Chosen => {
          const [name, probability, magnitude = 0] = pair[step]!
          const part = (signs![i]! < 0.5 ? -magnitude : magnitude) / 9
          return applies![i]! < probability ? { name, part } : { name: 'identity', part: 0 }
        })
        return changedEach(flow, chosen)
      }, images)
    })
  }
}
