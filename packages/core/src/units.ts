import type { Recipe, Span, Stage, Unit } from './contracts.ts'
import { checkLoss, checkRecipe, checkStage, functions } from './check-recipe.ts'
import { checkGiven } from './options.ts'
import type { Shape } from './shape.ts'

/** The units of a recipe: those of its isolation, auxiliary ones last. */
export function unitsOf(recipe: Recipe, shapes: readonly Shape[]): readonly Unit[] {
  checkRecipe(recipe)
  const depth = recipe.backbone.stages.length
  if (!Array.isArray(shapes) || shapes.length !== depth + 1)
    throw new TypeError(`unitsOf: expected ${depth + 1} shapes, those of networkOf(backbone, inputShape).`)
  const spans = made('isolation', () => recipe.isolation(depth))
  if (!Array.isArray(spans))
    throw new TypeError(`recipe: expected isolation to give spans, as in isolation: ${functions.isolation}.`)
  const units: Unit[] = spans.map((span: Span, i) => {
    checkSpan(span, depth, `isolation: span ${i}`)
    const head = made('head', () => recipe.head(span, shapes[span.end]!))
    checkStage('recipe', head, `head: ${functions.head}`)
    const loss = made('loss', () => recipe.loss(span, i))
    checkLoss('recipe', loss)
    return { ...span, name: `unit${i}`, head, loss }
  })
  for (const unit of recipe.auxiliary ?? []) {
    checkGiven('auxiliary', 'a unit, as in linearReadout({ at: 1, classes: 10 })', unit, 'record')
    const who = `auxiliary unit "${unit.name}"`
    checkSpan(unit, depth, who)
    checkStage(who, unit.head, 'head: linear({ dim: 10 })')
    checkLoss(who, unit.loss)
    units.push(unit)
  }
  if (!units.some(({ start, end }) => start < end)) {
    throw new RangeError(
      'recipe: expected at least one unit that holds a stage, got none. An empty span is a probe and teaches nothing.'
    )
  }
  const names = units.map(({ name }) => name)
  const unfit = names.find(
    name => typeof name !== 'string' || name === '' || name === '__proto__' || name.includes('.')
  )
  if (unfit !== undefined) {
    throw new Error(
      `recipe: expected the name of a unit to be a word without dots, got ${JSON.stringify(unfit)}: ` +
        'dots part the names of what is saved. Rename it.'
    )
  }
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined)
    throw new Error(
      `recipe: expected units with names of their own, got two called "${twice}". Rename the auxiliary one.`
    )
  return units
}

/**
 * What a function of a recipe gives. A span is no pair of views and no options: `loss: ntXent` is not what was meant.
 */
function made<T>(field: keyof typeof functions, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    const gives = field === 'isolation' ? 'spans' : 'each unit its own'
    throw new TypeError(
      `recipe: expected ${field} to give ${gives}, as in ${field}: ${functions[field]}, but it fails: ` +
        error.message.replace(/\.?$/, '.'),
      { cause: error }
    )
  }
}

/** What to say about stages that no unit holds: allowed, but rarely meant. */
export function untaught(stages: readonly Stage[], units: readonly Unit[]): readonly string[] {
  return stages.flatMap(({ name }, i) =>
    units.some(({ start, end }) => start <= i && i < end)
      ? []
      : [
          `No unit teaches stage ${i} ("${name}"): it keeps its first weights. ` +
            'Add a span that holds it if that is not meant.'
        ]
  )
}

function checkSpan(span: Span, depth: number, who: string): void {
  const { start, end } = (span ?? {}) as Span
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end < start || end > depth) {
    throw new RangeError(
      `${who}: expected 0 ≤ start ≤ end ≤ ${depth}, for the backbone has ${depth} stages, got { start: ${start}, ` +
        `end: ${end} }. ` +
        'Shorten the span, or add stages.'
    )
  }
}

/** A record of something of each unit, by its name. */
export const byName = <T>(units: readonly Unit[], make: (unit: Unit) => T): Record<string, T> =>
  Object.fromEntries(units.map(unit => [unit.name, make(unit)]))
