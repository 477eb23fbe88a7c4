import { balance, type Experiment, type Plan } from 'lapstrake'
import { UsageError } from '../terminal/usage-error.ts'
import { wholeNumber } from '../terminal/whole-number.ts'

const balances = { memory: 'activationBytes', flops: 'multiplyAdds' } as const

/** What cuts are to balance, and how many stages there are to be. */
export interface Cuts {
  readonly by: keyof typeof balances
  readonly stages: number | undefined
}

/** What was typed of it; none where no cuts are wanted. */
export function cutsWanted({
  balance: by,
  stages
}: Readonly<Partial<Record<'balance' | 'stages', string | undefined>>>): Cuts | undefined {
  if (by === undefined && stages === undefined) return undefined
  if (by === undefined)
    throw new UsageError('--stages: expected --balance beside it, got none. Write --balance memory, or leave it out.')
  if (!Object.hasOwn(balances, by)) throw new UsageError(`--balance: expected memory or flops, got ${by}. Try memory.`)
  return { by: by as Cuts['by'], stages: stages === undefined ? undefined : wholeNumber('--stages', stages, 1) }
}

/** The stage that each group starts with, but for the first, where the most costly span is as cheap as it can be. */
export function cutsFor({ isolation }: Experiment, { stages }: Plan, { by, stages: groups }: Cuts): readonly number[] {
  const costs = stages.map(stage => stage[balances[by]])
  const overlaps = isolation(stages.length).some(({ start, end }) => end - start > 1 && end - start < stages.length)
  return balance(costs, groups ?? stages.length, { overlapping: overlaps })
}
