import type { Recipe, Span, Stage, Unit } from './contracts.ts'
import type { Shape } from './shape.ts'

/** The units of a recipe: those of its isolation, auxiliary ones last. */
export function unitsOf(recipe: Recipe, shapes: readonly Shape[]): readonly Unit[] {
  const depth = recipe.backbone.stages.length
  for (const [field, example] of Object.entries(functions) as [keyof typeof functions, string][]) {
    if (typeof recipe[field] !== 'function')
      throw new TypeError(`recipe: expected ${field} to be a function, as in ${field}: ${example}.`)
  }
  const spans = recipe.isolation(depth)
  const units: Unit[] = spans.map((span, i) => {
    checkSpan(span, depth, `isolation: span ${i}`)
    return { ...span, name: `unit${i}`, head: recipe.head(span, shapes[span.end]!), loss: lossOf(recipe, span, i) }
  })
  for (const unit of recipe.auxiliary ?? []) {
    checkSpan(unit, depth, `auxiliary unit "${unit.name}"`)
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

/** What a recipe gives for each unit. */
const functions = { isolation: 'overlapping()', head: '() => projector({ dims: [128] })', loss: '() => ntXent()' }

function lossOf(recipe: Recipe, span: Span, i: number): Unit['loss'] {
  try {
    return recipe.loss(span, i)
  } catch (error) {
    // A span is no pair of views.
    if (error instanceof TypeError)
      throw new TypeError(
        `recipe: expected loss to give each unit its own, as in loss: ${functions.loss}, but it fails: ` +
          `${error.message}.`,
        { cause: error }
      )
    throw error
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

function checkSpan({ start, end }: Span, depth: number, who: string): void {
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
