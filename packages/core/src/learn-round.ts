import type { Begun } from './begin.ts'
import type { Batch } from './contracts.ts'
import type { Learned, Round, StageLesson } from './learned.ts'
import { penaltyOf } from './penalty-of.ts'
import type { Prepared } from './prepared.ts'
import type { State } from './state.ts'
import { walkInParts } from './walk-in-parts.ts'
import { walk, type Learner, type Walk } from './window-walk.ts'

/**
 * What the units of a round learn from a batch, with nothing moved. Buffers that a stage hands on as they are remain
 * those of the state.
 */
export function learnRound(
  { backbone: { stages }, merge, microBatch }: Prepared,
  state: State,
  batch: Batch,
  { units, earlier = [] }: Round,
  { random, shown }: Begun,
  observe: boolean
): Learned {
  const learners = units.map((unit): Learner => ({ unit, ...state.units[unit.name]!, shown: shown[unit.name] }))
  const work: Walk = {
    stages,
    variables: state.stages,
    learners,
    merge,
    batch,
    mode: { training: true, random },
    observe
  }
  const rows = batch.views[0].shape[0]!
  const found = microBatch !== undefined && rows > microBatch ? walkInParts(work, microBatch) : walk(work)
  const passed = Math.max(0, ...earlier.map(({ end }) => end))
  const isPaid = (stage: number): boolean => earlier.some(({ start, end }) => start <= stage && stage < end)
  return {
    stages: stages.map((stage, i): StageLesson => {
      const gradients = found.gradients[i]
      return {
        gradients,
        buffers: i < passed ? undefined : found.buffers[i],
        penalty: gradients && !isPaid(i) ? penaltyOf(stage, state.stages[i]!) : undefined
      }
    }),
    units: Object.fromEntries(
      found.lessons.map((lesson, i) => {
        const unit = units[i]!
        const { head } = state.units[unit.name]!
        return [unit.name, { ...lesson, penalty: earlier.includes(unit) ? undefined : penaltyOf(unit.head, head) }]
      })
    )
  }
}
