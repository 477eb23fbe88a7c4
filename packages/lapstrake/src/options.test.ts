import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { checker, publicFunctions, thrownBy, type PublicFunction } from './testing/public-functions.ts'

interface Taking extends PublicFunction {
  /** Parameters before the options. */
  readonly before: number
  readonly fields: readonly ts.Symbol[]
}

/** Options, and not what is a value of its own, such as an experiment or a batch. */
const isRecord = (type: ts.Type): boolean =>
  (type.flags & ts.TypeFlags.Object) !== 0 &&
  /Options$/.test(type.aliasSymbol?.name ?? type.symbol?.name ?? '') &&
  type.getCallSignatures().length === 0

const taking: readonly Taking[] = publicFunctions.flatMap(one =>
  one.parameters.flatMap((type, before): Taking[] =>
    isRecord(type) ? [{ ...one, before, fields: type.getProperties() }] : []
  )
)

/** What a call with such options says. */
const said = async (one: Taking, given: unknown): Promise<string> =>
  ((await thrownBy(one, [...Array.from({ length: one.before }, () => undefined), given])) as Error | undefined)
    ?.message ?? 'nothing'

/** A value of another type than a field has, or a word that is none of its choices; nothing where any would do. */
function wrongFor(field: ts.Symbol, node: ts.Node): { readonly value: unknown } | undefined {
  const type = checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(field, node))
  const types = type.isUnion() ? type.types : [type]
  const isText = types.some(({ flags }) => flags & ts.TypeFlags.String)
  if (types.some(({ flags }) => flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown))) return undefined
  return { value: isText ? 7 : 'no such thing' }
}

test('finds the functions that take options', () => {
  const names = taking.map(({ name }) => name)
  expect(names.length).toBeGreaterThan(70)
  expect(names).toEqual(
    expect.arrayContaining(['ntXent', 'adamW', 'resNet', 'colorJitter', 'cifar10', 'run', 'train', 'untilPlateau'])
  )
})

describe.each(taking.map(one => [one.name, one] as const))('%s', (name, one) => {
  test('refuses an option that it does not know, and says which there are', async () => {
    const message = await said(one, { bogus: 1 })
    expect(message).toMatch(new RegExp(`^[\\w-]+: expected options among .*, got bogus\\.`))
    for (const field of one.fields) expect(message).toContain(field.name)
    expect(message.startsWith(`${name}: `) || message.startsWith('cifar: '), message).toBe(true)
  })

  test('refuses a value where its options belong', async () => {
    for (const given of [0.1, 'fast', [1]])
      expect(await said(one, given)).toMatch(new RegExp(`^${name}: expected options, as in \\{ .* \\}, got `))
  })

  test('refuses values of other types, and words that are no choice', async () => {
    const wrong = one.fields.flatMap(field => {
      const found = wrongFor(field, one.node)
      return found === undefined ? [] : [[field.name, found.value] as const]
    })
    const answers = await Promise.all(
      wrong.map(async ([field, value]) => [field, await said(one, { [field]: value })] as const)
    )
    const unseen = answers.filter(([field, message]) => !message.startsWith(`${name}: expected ${field} to be `))
    expect(unseen).toEqual([])
  })
})
