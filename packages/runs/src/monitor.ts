import { leaves, type Stage, type State, type Trainer, type Unit } from '@lapstrake/core'
import { numbersIn } from './numbers-in.ts'
import type { ObservedStep } from './observed-step.ts'
import { stageDiagnoses, type StageDiagnosis } from './stage-diagnoses.ts'
import { hasCollapsed, unitDiagnosis, type UnitDiagnosis } from './unit-diagnosis.ts'

/** What is known of units and stages after a step that was observed. */
export interface Diagnostics {
  /** By the name of the unit. */
  readonly diagnoses: Readonly<Record<string, UnitDiagnosis>>
  /** From the bottom. */
  readonly stages: readonly StageDiagnosis[]
}

/** Steps before a plateau is worth a warning: every network begins near it. */
const patience = 100

/**
 * Diagnoses units and stages as they learn, and warns once of each that has collapsed, diverges, or no longer learns.
 */
export function monitor(
  stages: readonly Stage[],
  trainer: Pick<Trainer, 'network' | 'units'>,
  onWarning?: (warning: string) => void
): (observed: ObservedStep) => Promise<Diagnostics> {
  const warn = warnOnceOfEach(onWarning)
  const lowest = new Map<Unit, number>()
  return async observed => {
    const { losses, after } = observed
    const norms = await numbersIn(observed.gradientNorms.heads)
    const diagnoses: Record<string, UnitDiagnosis> = {}
    for (const unit of trainer.units) {
      const loss = losses[unit.name]
      if (loss === undefined) continue
      const least = Math.min(loss, lowest.get(unit) ?? Infinity)
      lowest.set(unit, least)
      warn(unit, divergence(unit, loss, least, after))
      warn(unit, standstill(unit, norms[unit.name], after))
      const diagnosis = await unitDiagnosis(unit, observed, norms[unit.name]!)
      if (diagnosis === undefined) continue
      diagnoses[unit.name] = diagnosis
      warn(unit, collapse(unit, loss, diagnosis, after))
    }
    const found = await stageDiagnoses(stages, trainer, observed)
    stages.forEach((stage, i) => warn(stage, untaught(stage, i, found[i]!, after)))
    return { diagnoses, stages: found }
  }
}

/** Hands on the first warning of each unit and stage. */
function warnOnceOfEach(
  onWarning?: (warning: string) => void
): (who: Unit | Stage, warning: string | undefined) => void {
  const warned = new Set<Unit | Stage>()
  return (who, warning) => {
    if (warning === undefined || warned.has(who)) return
    warned.add(who)
    onWarning?.(warning)
  }
}

const divergence = ({ name, start, end }: Unit, loss: number, least: number, { step }: State): string | undefined =>
  start < end && loss > least + Math.max(1, Math.abs(least)) && step >= patience
    ? `${name} diverges: its loss is ${loss.toFixed(3)} at step ${step} and was ${least.toFixed(3)}. ` +
      'Try a lower learning rate, a longer warm-up or clipByNorm().'
    : undefined

const standstill = ({ name }: Unit, norm: number | undefined, { step, units }: State): string | undefined =>
  norm === 0 && leaves(units[name]!.head.params).length > 0
    ? `${name} no longer learns: at step ${step} the gradient of its head is exactly 0. ` +
      'Its ReLUs may all be off, or its loss may be flat: try a lower learning rate, ' +
      'or normalisation in the head.'
    : undefined

const collapse = ({ name }: Unit, loss: number, diagnosis: UnitDiagnosis, { step }: State): string | undefined =>
  hasCollapsed(loss, diagnosis) && step >= patience
    ? `${name} has collapsed: at step ${step} its embeddings are all alike (mean cosine of different ` +
      `examples ${diagnosis.negativeSimilarity.toFixed(3)}) ` +
      `and its loss stays at ${loss.toFixed(3)}, what equal embeddings cost. Try a longer warm-up, ` +
      'a lower learning rate, or normalisation in the head.'
    : undefined

const untaught = (
  { name }: Stage,
  place: number,
  { gradientNorm }: StageDiagnosis,
  { step, stages }: State
): string | undefined =>
  gradientNorm === 0 && leaves(stages[place]!.params).length > 0
    ? `stage ${place} ("${name}") is no longer taught: at step ${step} its gradient is exactly 0. ` +
      'Its ReLUs may all be off: try a lower learning rate or normalisation.'
    : undefined
