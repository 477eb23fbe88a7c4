import { transform } from 'sucrase'

/** Files by name, such as `03-loco.ts`, with their TypeScript. */
export type Sources = Readonly<Record<string, string>>

/**
 * Runs a TypeScript module and gives back what it exports. Its imports are files beside it, or one of the modules at hand.
 *
 * @throws SyntaxError if it is no TypeScript
 * @throws Error for an import that does not exist
 */
export function evaluate(file: string, sources: Sources, modules: Readonly<Record<string, object>>): Readonly<Record<string, unknown>> {
  const loaded = new Map<string, object>()
  const load = (name: string): object => {
    const known = loaded.get(name)
    if (known !== undefined) return known
    const exports: Record<string, unknown> = {}
    loaded.set(name, exports)
    const { code } = transform(sources[name]!, { transforms: ['typescript', 'imports'], filePath: name, disableESTransforms: true })
    const run = new Function('exports', 'require', `${code}\n//# sourceURL=${name}`) as (exports: object, require: (from: string) => object) => void
    run(exports, from => strict(from, find(from)))
    return exports
  }
  const find = (from: string): object => {
    const beside = from.replace(/^\.\//, '')
    if (from.startsWith('./') && beside in sources) return load(beside)
    if (from in modules) return modules[from]!
    throw new Error(`import: expected a recipe beside this one or one of ${Object.keys(modules).join(', ')}, got '${from}'.`)
  }
  return load(file) as Record<string, unknown>
}

/** A module that says so when it lacks what is asked of it. */
const strict = (name: string, module: object): object => new Proxy({}, {
  get(_, key) {
    if (key === '__esModule') return true
    if (typeof key === 'string' && !(key in module)) throw new Error(`import: '${name}' exports no ${key}.`)
    return (module as Record<string | symbol, unknown>)[key]
  }
})
