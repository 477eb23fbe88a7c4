import { expect, test } from 'vitest'
import { evaluate } from './evaluate.ts'
import { experimentOf } from './experiment-of.ts'
import { modules } from './modules.ts'
import { lineOf, RecipeError } from './recipe-error.ts'
import { recipes } from './recipes.ts'

const run = (source: string): Readonly<Record<string, unknown>> =>
  evaluate('mine.ts', { ...recipes, 'mine.ts': source }, modules)

function failureOf(make: () => unknown): RecipeError {
  try {
    make()
  } catch (error) {
    if (error instanceof RecipeError) return error
    throw error
  }
  throw new Error('expected a RecipeError')
}
const told = (source: string): readonly [message: string, line: number | undefined] => {
  const { message, line } = failureOf(() => experimentOf(run(source)))
  return [message, line]
}

test('every recipe of the docs is an experiment', () => {
  for (const name of Object.keys(recipes)) expect(experimentOf(evaluate(name, recipes, modules)).name).not.toBe('')
})

test('an edited recipe replaces its file for those that import it', () => {
  const { default: greedy } = evaluate(
    '02-greedy-infomax.ts',
    { ...recipes, '01-simclr.ts': 'export default { batchSize: 7 }' },
    modules
  ) as { default: { batchSize: number } }
  expect(greedy.batchSize).toBe(7)
})

test('a syntax error has its line', () => {
  expect(told('const a = 1\nconst b = {\n  c: ]\n}')).toEqual([expect.stringContaining('mine.ts: Unexpected token'), 3])
})

test('what only the engine finds wrong is told as well', () => {
  expect(told('const a = 1\nconst a = 2')[0]).toMatch(/^mine.ts: .*has already been declared/)
})

test('a wrong name is told in the line of its import, with the right one', () => {
  expect(told("import {\n  greedy,\n  ntxent\n} from 'lapstrake'\n\nexport const loss = ntxent({})")).toEqual([
    "import: 'lapstrake' exports no ntxent. Did you mean ntXent?",
    3
  ])
})

test('a name that a whole module lacks is told where it is used', () => {
  expect(told("import * as tf from '@tensorflow/tfjs-core'\n\n\ntf.matmul(1, 2)")).toEqual([
    expect.stringMatching(/exports no matmul\. Did you mean matMul\?$/),
    4
  ])
})

test('a type beside values is no import', () => {
  expect(
    run("import { Experiment, greedy } from 'lapstrake'\nexport const a: Experiment = greedy as never").a
  ).toBeTypeOf('function')
})

test.each([
  ["import '\n'", /./, undefined],
  ["\nimport { a } from './01-simcrl.ts'\na()", /got '.\/01-simcrl.ts'\. Did you mean .\/01-simclr.ts\?$/, 2],
  ["\n\nimport { a } from '@lapstrake/los-supcon'\na()", /Did you mean @lapstrake\/loss-supcon\?$/, 3]
])('%j imports what does not exist', (source, message, line) => {
  const [said, where] = told(source)
  expect(said).toMatch(message)
  if (line !== undefined) expect(where).toBe(line)
})

test('a name that is nowhere is told with the one that was meant, and one that is not imported with its import', () => {
  expect(told("import { greedy } from 'lapstrake'\n\nconst isolation = overlaping()")).toEqual([
    'overlaping is not defined. Did you mean overlapping?',
    3
  ])
  expect(told('export default { isolation: greedy() }')[0]).toBe(
    "greedy is not defined. Import it: import { greedy } from 'lapstrake'"
  )
  expect(told('nothingOfTheKind()')[0]).toBe('nothingOfTheKind is not defined.')
})

test('a field that is spelled wrong is told with the right one', () => {
  const source = "import simclr from './01-simclr.ts'\nconst { optimizer, ...rest } = simclr\n"
  expect(told(`${source}export default { ...rest, optimiser: optimizer }`)[0]).toMatch(
    /expected the experiment to have optimizer, .*, got nothing\. It has optimiser: write optimizer instead\.$/
  )
})

test('an error of a factory is told in the line that calls it', () => {
  expect(told("import { ntXent } from 'lapstrake'\n\nntXent({\n  temperature: -1 })")).toEqual([
    expect.stringMatching(/temperature above 0, got -1/),
    3
  ])
})

test('an error while training has the line of the recipe that it passed through', () => {
  const { loss } = run('export function loss() {\n  const none = undefined\n  return none.rank\n}') as {
    loss: () => void
  }
  try {
    loss()
  } catch (error) {
    expect(lineOf('mine.ts', error)).toBe(3)
  }
  expect(lineOf('mine.ts', new Error('elsewhere'))).toBeUndefined()
})

test('a default export that is no experiment is told by the field that is wrong', () => {
  expect(told('export const a = 1')[0]).toBe(
    'recipe: expected a default export, an experiment, got nothing. End the file with: export default recipe'
  )
  expect(told("import simclr from './01-simclr.ts'\nexport default { ...simclr, isolation: undefined }")[0]).toBe(
    'recipe: expected the experiment to have isolation, where gradients stop: overlapping(), got nothing.'
  )
  expect(told("import simclr from './01-simclr.ts'\nexport default { ...simclr, batchSize: 0.5 }")[0]).toMatch(
    /have batchSize, examples in a step: 64, got 0.5\.$/
  )
})
