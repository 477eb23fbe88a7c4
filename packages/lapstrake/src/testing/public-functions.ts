import ts from 'typescript'
import * as facade from '../index.ts'
import * as node from '../node.ts'

// The functions that lapstrake exports, found by its types: a test that walks them cannot forget the next one.
const root = new URL('../../../..', import.meta.url).pathname
const { config } = ts.readConfigFile(`${root}/tsconfig.json`, path => ts.sys.readFile(path)) as { config: unknown }
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
const entries = ['index', 'node'].map(name => `${root}/packages/lapstrake/src/${name}.ts`)
const program = ts.createProgram(entries, options)

export const checker: ts.TypeChecker = program.getTypeChecker()

/** A function that lapstrake exports, with one of its signatures. */
export interface PublicFunction {
  readonly name: string
  readonly call: (...given: unknown[]) => unknown
  /** The types of its parameters, none of them undefined. */
  readonly parameters: readonly ts.Type[]
  /** Where its types are looked at. */
  readonly node: ts.Node
}

export const publicFunctions: readonly PublicFunction[] = entries.flatMap((entry, i) => {
  const source = program.getSourceFile(entry)!
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(source)!)
  return exported.flatMap(symbol => {
    const call = ([facade, node][i] as Record<string, unknown>)[symbol.name]
    if (typeof call !== 'function') return []
    const type = checker.getTypeOfSymbolAtLocation(symbol, source)
    return type.getCallSignatures().map(signature => ({
      name: symbol.name,
      call: call as PublicFunction['call'],
      parameters: signature
        .getParameters()
        .map(parameter => checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(parameter, source))),
      node: source
    }))
  })
})

/** What a call gives, or throws, at once or later. A generator begins when it is asked. */
export async function outcomeOf(
  { call }: PublicFunction,
  given: readonly unknown[]
): Promise<{ readonly value?: unknown; readonly error?: unknown }> {
  try {
    const made = call(...given)
    if (typeof (made as AsyncGenerator | undefined)?.next === 'function') await (made as AsyncGenerator).next()
    return { value: await made }
  } catch (error) {
    return { error: error ?? 'nothing' }
  }
}

/** What a call throws, at once or later; nothing where it does not. */
export const thrownBy = async (one: PublicFunction, given: readonly unknown[]): Promise<unknown> =>
  (await outcomeOf(one, given)).error
