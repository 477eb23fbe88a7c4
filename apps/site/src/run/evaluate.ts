import { didYouMean } from 'lapstrake'
import { transform } from 'sucrase'
import { addressOf, lineOf, RecipeError } from './recipe-error.ts'

/** Files by name, such as `03-loco.ts`, with their TypeScript. */
export type Sources = Readonly<Record<string, string>>

/**
 * Runs a TypeScript module and gives back what it exports. Its imports are files beside it, or one of the modules at
 * hand.
 *
 * @throws RecipeError with the line: if it is no TypeScript, imports what does not exist, or throws while it runs
 */
export function evaluate(
  file: string,
  sources: Sources,
  modules: Readonly<Record<string, object>>
): Readonly<Record<string, unknown>> {
  const loaded = new Map<string, object>()
  const load = (name: string): object => {
    const known = loaded.get(name)
    if (known !== undefined) return known
    const exports: Record<string, unknown> = {}
    loaded.set(name, exports)
    const source = sources[name]!
    compile(name, source)(exports, from => strict(from, find(from), source))
    return exports
  }
  const find = (from: string): object => {
    const beside = from.replace(/^\.\//, '')
    if (from.startsWith('./') && beside in sources) return load(beside)
    if (from in modules) return modules[from]!
    const known = [...Object.keys(modules), ...Object.keys(sources).map(name => `./${name}`)]
    throw new Error(
      `import: expected a package that runs in a page or a recipe beside this one, got '${from}'.` +
        didYouMean(from, known)
    )
  }
  try {
    return load(file) as Record<string, unknown>
  } catch (error) {
    if (error instanceof RecipeError) throw error
    throw new RecipeError(inWords(error, modules), lineOf(file, error), { cause: error })
  }
}

/** What an error says; of a name that is nowhere, also which was meant. */
function inWords(error: unknown, modules: Readonly<Record<string, object>>): string {
  if (!(error instanceof Error)) return String(error)
  const [, unknown] = error instanceof ReferenceError ? (/^(\S+) is not defined$/.exec(error.message) ?? []) : []
  if (unknown === undefined) return error.message
  const known = Object.keys(modules['lapstrake'] ?? {})
  const hint = known.includes(unknown)
    ? ` Import it: import { ${unknown} } from 'lapstrake'`
    : didYouMean(unknown, known)
  return `${error.message}.${hint}`
}

type Module = (exports: object, require: (from: string) => object) => void

function compile(name: string, source: string): Module {
  try {
    const { code } = transform(source, {
      transforms: ['typescript', 'imports'],
      filePath: name,
      disableESTransforms: true
    })
    return new Function('exports', 'require', `${code}\n//# sourceURL=${addressOf(name)}`) as Module
  } catch (error) {
    // Sucrase ends in the place, `(line:column)`; what only the engine finds wrong comes without one.
    const { message } = error as Error
    const [, what = message, line] = /^(?:Error transforming [^:]*: )?(.*?) \((\d+):\d+\)$/s.exec(message) ?? []
    throw new RecipeError(`${name}: ${what.replace(/\.$/, '')}.`, line === undefined ? undefined : Number(line), {
      cause: error
    })
  }
}

/** A module that says so when it lacks what is asked of it. */
const strict = (from: string, module: object, importer: string): object =>
  new Proxy(module, {
    get(_, key) {
      if (key === '__esModule') return true
      if (typeof key !== 'string' || key in module) return (module as Record<string | symbol, unknown>)[key]
      const meant = key === 'default' ? '' : didYouMean(key, Object.keys(module))
      const message = `import: '${from}' exports no ${key}.${meant}`
      const line = lineOfImport(importer, from, key)
      throw line === undefined ? new Error(message) : new RecipeError(message, line)
    }
  })

/** The line in which a source imports a name; none where it takes the whole module. */
function lineOfImport(source: string, from: string, name: string): number | undefined {
  for (const { index, 0: all, 1: names, 2: module } of source.matchAll(
    /\bimport\b([^'"]*?)\bfrom\s*['"]([^'"]+)['"]/g
  )) {
    if (module !== from || names!.includes('*')) continue
    const at = name === 'default' ? 0 : all.search(new RegExp(`\\b${name}\\b`))
    if (at >= 0) return source.slice(0, index + at).split('\n').length
  }
  return undefined
}
