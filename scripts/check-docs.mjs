// Every public name of a published package has a doc comment.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

const root = new URL('..', import.meta.url).pathname
const entries = ['packages', 'packages/backbones', 'packages/backends', 'packages/losses']
  .flatMap(folder =>
    readdirSync(join(root, folder)).flatMap(name =>
      ['index', 'node', 'significance', 'suites'].map(file => join(root, folder, name, `src/${file}.ts`))
    )
  )
  .filter(file => existsSync(file))
const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
const program = ts.createProgram(entries, options)
const checker = program.getTypeChecker()
const silent = new Set()
let names = 0
for (const entry of entries) {
  const symbol = checker.getSymbolAtLocation(program.getSourceFile(entry))
  for (const exported of symbol === undefined ? [] : checker.getExportsOfModule(symbol)) {
    const original = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
    names++
    // The record of an option is explained where it is used; its fields speak for themselves.
    if (/Options$|Suite$/.test(exported.name)) continue
    if (original.getDocumentationComment(checker).length === 0)
      silent.add(`${entry.slice(root.length)}: ${exported.name}`)
  }
}
for (const name of silent) console.log(`${name} has no doc comment`)
console.log(`${names} public names, ${silent.size} without a doc comment`)
process.exit(silent.size === 0 ? 0 : 1)
