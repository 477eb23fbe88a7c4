import type { LossVariables, Unit } from './contracts.ts'
import { copyOf, own, type Owned } from './memory.ts'
import { outputShapeOf } from './network.ts'
import type { Prepared } from './prepared.ts'
import type { Random } from './random.ts'
import type { State, UnitState } from './state.ts'
import { byName } from './units.ts'

/** What a run begins with; the same for the same randomness. */
export function firstState(prepared: Prepared, random: Random): Owned<State> {
  const { network, units, optimizer, target } = prepared
  return own(() => {
    const stages = network.init(random)
    const unitStates = byName(units, unit => firstUnitState(prepared, unit, random))
    const heads = byName(units, ({ name }) => unitStates[name]!.head)
    return {
      step: 0,
      key: random.split('steps').key,
      stages,
      units: unitStates,
      optimizers: {
        stages: stages.map(({ params }) => optimizer.init(params)),
        heads: byName(units, ({ name }) => optimizer.init(heads[name]!.params)),
        losses: byName(units, ({ name }) => optimizer.init(unitStates[name]!.loss.params))
      },
      target: target === undefined ? {} : copyOf({ stages, heads })
    }
  })
}

function firstUnitState({ network, teacher, examples, labels }: Prepared, unit: Unit, random: Random): UnitState {
  const shape = network.shapes[unit.end]!
  const { params, buffers } = unit.head.init(random.split('head', unit.name), shape)
  const loss =
    typeof unit.loss === 'function'
      ? pure
      : unit.loss.init(random.split('loss', unit.name), {
          embedding: outputShapeOf(unit.head, shape),
          ...teacher?.shapesFor(unit),
          examples,
          labels
        })
  return copyOf({ head: { params, buffers }, loss })
}

/** The variables of a loss that has none. */
const pure: LossVariables = { params: {}, memory: {} }
