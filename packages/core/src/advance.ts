import type { Optimizer, OptimizerState, Params, Variables } from './contracts.ts'
import { totalOf, type Learned } from './learned.ts'
import { apart } from './memory.ts'
import type { State, UnitState } from './state.ts'

/**
 * Moves every owner of parameters by what it was taught, and takes buffers and memories as they came out. What nobody
 * taught is that of `state`, not a copy. Each gradient is given to `done` as soon as it was used.
 */
export function advance(optimizer: Optimizer, state: State, learned: Learned, done: (used: Params) => void): State {
  // An optimizer may remember the very gradient, which is freed here.
  const update: Optimizer['update'] = (gradients, before, params) =>
    apart(optimizer.update(gradients, before, params), gradients)
  const stages: Variables[] = []
  const optimizers: OptimizerState[] = []
  learned.stages.forEach((lesson, i) => {
    const { params, buffers } = state.stages[i]!
    const before = state.optimizers.stages[i]!
    const total = totalOf(lesson)
    const moved = total === undefined ? { params, state: before } : update(total, before, params)
    stages[i] = { params: moved.params, buffers: lesson.buffers ?? buffers }
    optimizers[i] = moved.state
    for (const gradients of new Set([total, lesson.gradients, lesson.penalty?.gradients]))
      if (gradients) done(gradients)
  })
  const units: Record<string, UnitState> = { ...state.units }
  const heads = { ...state.optimizers.heads }
  const losses = { ...state.optimizers.losses }
  for (const [name, lesson] of Object.entries(learned.units)) {
    const { headGradients, headBuffers, lossGradients, memory, penalty } = lesson
    const { head, loss } = state.units[name]!
    const total = totalOf({ gradients: headGradients, penalty })!
    const movedHead = update(total, heads[name]!, head.params)
    const movedLoss = update(lossGradients, losses[name]!, loss.params)
    units[name] = {
      head: { params: movedHead.params, buffers: headBuffers },
      loss: { params: movedLoss.params, memory }
    }
    heads[name] = movedHead.state
    losses[name] = movedLoss.state
    for (const gradients of new Set([total, headGradients, lossGradients, penalty?.gradients]))
      if (gradients) done(gradients)
  }
  return { ...state, stages, units, optimizers: { stages: optimizers, heads, losses } }
}
