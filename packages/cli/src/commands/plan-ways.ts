import {
  endToEnd,
  greedy,
  largestBatch,
  overlapping,
  plan,
  type Experiment,
  type Isolation,
  type PlanOptions
} from 'lapstrake'

/** One way to let gradients stop. */
export interface Way {
  readonly name: string
  readonly peakBytes?: number | undefined
  readonly stepMultiplyAdds?: number | undefined
  readonly headMultiplyAdds?: number | undefined
  readonly largestBatch?: number | undefined
  /** Why this recipe cannot learn this way. */
  readonly reason?: string | undefined
}

/** The three that everyone compares, and the recipe's own if it is none of them. */
export function ways({ isolation, backbone: { stages } }: Experiment): Readonly<Record<string, Isolation>> {
  const known = { 'end-to-end': endToEnd(), greedy: greedy(), overlapping: overlapping() }
  const spans = (of: Isolation): string => attempt(() => JSON.stringify(of(stages.length))) ?? ''
  const same = Object.entries(known).find(([, other]) => spans(other) === spans(isolation))
  return Object.fromEntries([
    ...(same === undefined ? [['as in the recipe', isolation] as const] : []),
    ...Object.entries(known).map(
      ([name, one]) => [same?.[0] === name ? `${name}, as in the recipe` : name, one] as const
    )
  ])
}

function attempt<T>(f: () => T): T | undefined {
  try {
    return f()
  } catch {
    return undefined
  }
}

/** A recipe may fit only some isolations: one loss for each of three units, say. */
export async function wayOf(name: string, recipe: Experiment, options: PlanOptions, bytes: number): Promise<Way> {
  const { batch: _, ...anyBatch } = options
  try {
    const { peakBytes, stepMultiplyAdds, units } = await plan(recipe, options)
    return {
      name,
      peakBytes,
      stepMultiplyAdds,
      headMultiplyAdds: 3 * units.reduce((sum, { head }) => sum + head.multiplyAdds, 0),
      largestBatch: await largestBatch(recipe, { ...anyBatch, bytes })
    }
  } catch (error) {
    return { name, reason: (error as Error).message }
  }
}
