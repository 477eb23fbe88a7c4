import ts from 'typescript'
import type { LoaderModule } from 'vitepress'
import { citationsOf, type Citation } from './citations.ts'
import { libraries, root } from './packages.ts'

/** A public name whose doc comment cites a paper. */
export interface Cited {
  readonly name: string
  readonly package: string
  /** The address of its description: `/api/loss-info-nce#ntxent`. */
  readonly link: string
  readonly citations: readonly Citation[]
}

/** What a page imports from here: the result of `load`. */
export declare const data: readonly Cited[]

/** Every public name of a library that cites a paper, read from the doc comments of its sources. */
export function citedExports(): readonly Cited[] {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile).config,
    ts.sys,
    root
  )
  // The facade passes on what the others export.
  const described = libraries.filter(({ name }) => name !== 'lapstrake')
  const entryOf = (folder: string): string => `${root}${folder}/src/index.ts`
  const program = ts.createProgram(
    described.map(({ folder }) => entryOf(folder)),
    { ...options, noLib: true, types: [] }
  )
  const checker = program.getTypeChecker()
  return described.flatMap(({ name, page, folder }) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(entryOf(folder))!)
    return (module === undefined ? [] : checker.getExportsOfModule(module)).flatMap(exported => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
      const comment = ts.displayPartsToString(symbol.getDocumentationComment(checker))
      const see = symbol
        .getJsDocTags(checker)
        .filter(tag => tag.name === 'see')
        .map(tag => ts.displayPartsToString(tag.text))
        .join('; ')
      const citations = citationsOf(`${comment}; ${see}`)
      return citations.length === 0
        ? []
        : [{ name: exported.name, package: name, link: `/api/${page}#${exported.name.toLowerCase()}`, citations }]
    })
  })
}

const loader: LoaderModule = {
  watch: libraries.map(({ folder }) => `${root}${folder}/src/**/*.ts`),
  load: (): readonly Cited[] => citedExports()
}
export default loader
