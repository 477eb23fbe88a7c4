import type { Variables } from '@lapstrake/core'
import type { Naming } from '@lapstrake/layers'

/** Places in torchvision's branches, by ours: of the convolution and of the normalisation. */
const places = {
  left: [{ kernel: 0 }, { norm: 1 }, { kernel: 2, norm: 3 }],
  right: [{ kernel: 0, norm: 1 }, { kernel: 3 }, { norm: 4 }, { kernel: 5, norm: 6 }]
} as const

const lastOf = {
  kernel: 'weight',
  scale: 'weight',
  offset: 'bias',
  mean: 'running_mean',
  variance: 'running_var'
} as const

/** What torchvision calls the tensors of a shuffleNet's stages. */
export const named: Naming = stages => {
  const units = namesOfUnits(stages)
  return path => {
    const [stage, , part, ...rest] = path.split('.')
    const last = rest.at(-1)!
    if (!Object.hasOwn(lastOf, last))
      throw new Error(
        `shuffleNet: expected the variables of a shuffleNet, got ${path}. Other backbones have no names there.`
      )
    const [layer, ends] = [last === 'kernel' ? 'kernel' : 'norm', lastOf[last as keyof typeof lastOf]] as const
    const unit = units.get(`${stage}.${part}`)
    if (unit === undefined)
      return `${stage === '0' && part === '0' ? 'conv1' : 'conv5'}.${layer === 'kernel' ? 0 : 1}.${ends}`
    const [side, place] = [rest[0] as keyof typeof places, Number(rest[1])]
    const { [layer]: at } = places[side][place] as { readonly kernel?: number; readonly norm?: number }
    return `${unit}.branch${side === 'left' ? 1 : 2}.${at}.${ends}`
  }
}

/**
 * `stage2.0`, … for the units, by their places `stage.part`. Wherever the stages are cut, a unit that shrinks begins
 * the next one.
 */
function namesOfUnits(stages: readonly Variables[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  let [stage, unit] = [1, 0]
  stages.forEach(
    ({ params }, i) =>
      Array.isArray(params) &&
      (params as readonly { readonly left?: object | undefined }[]).forEach(({ left }, part) => {
        if (left === undefined) return
        if (Object.keys(left).length > 0) [stage, unit] = [stage + 1, 0]
        names.set(`${i}.${part}`, `stage${stage}.${unit++}`)
      })
  )
  return names
}
