// Counts what tells whether the house is in order, and where it is not: npm run house
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import ts from 'typescript'

if (process.argv.includes('--help')) {
  console.log(
    'npm run house\nCounts circles of files, functions over 80 lines, casts through unknown and fields spread in by\n' +
      'condition in what git knows, tests left out of the last three, and names each.'
  )
  process.exit(0)
}

const root = new URL('..', import.meta.url).pathname
const files = execFileSync('git', ['ls-files', '*.ts', '*.vue', '*.mjs', '*.js'], { cwd: root, encoding: 'utf8' })
  .trim()
  .split('\n')
const texts = new Map(files.map(file => [file, readFileSync(join(root, file), 'utf8')]))
const product = files.filter(file => !/\.test\.ts$|\/assembly\//.test(file))

/** Sets of files that import one another, types included (Tarjan 1972). */
function circles() {
  const known = new Set(files)
  const imports = /(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g
  const importsOf = file =>
    [...texts.get(file).matchAll(imports)]
      .flatMap(([, path]) => [path, `${path}.ts`].map(name => normalize(join(dirname(file), name))))
      .filter(path => known.has(path))
  const [order, lowest, stack, found] = [new Map(), new Map(), [], []]
  const visit = file => {
    order.set(file, order.size)
    lowest.set(file, order.get(file))
    stack.push(file)
    for (const other of importsOf(file)) {
      if (!order.has(other)) visit(other)
      if (stack.includes(other)) lowest.set(file, Math.min(lowest.get(file), lowest.get(other)))
    }
    if (lowest.get(file) !== order.get(file)) return
    const circle = stack.splice(stack.indexOf(file))
    if (circle.length > 1) found.push(circle.join(' '))
  }
  for (const file of files) if (!order.has(file)) visit(file)
  return found
}

function longFunctions() {
  return product
    .filter(file => !file.endsWith('.vue'))
    .flatMap(file => {
      const source = ts.createSourceFile(file, texts.get(file), ts.ScriptTarget.Latest, true)
      const lineOf = place => source.getLineAndCharacterOfPosition(place).line
      const found = []
      const visit = node => {
        const lines = ts.isFunctionLike(node) && node.body ? lineOf(node.end) - lineOf(node.getStart()) + 1 : 0
        if (lines > 80) found.push(`${file}:${lineOf(node.getStart()) + 1}, ${lines} lines`)
        ts.forEachChild(node, visit)
      }
      visit(source)
      return found
    })
}

const linesWith = (pattern, wanted) =>
  product.filter(wanted).flatMap(file =>
    texts
      .get(file)
      .split('\n')
      .flatMap((line, i) => (pattern.test(line) ? [`${file}:${i + 1}`] : []))
  )

const counts = {
  'circles of files': circles(),
  'functions over 80 lines': longFunctions(),
  'as unknown as, in packages': linesWith(/as unknown as/, file => /^packages\/.*\/src\//.test(file)),
  'fields spread in by condition': linesWith(/\.\.\.\([^)]*&&/, file => /^(?:packages|apps)\//.test(file))
}
for (const [what, found] of Object.entries(counts)) {
  console.log(`${String(found.length).padStart(3)} ${what}`)
  for (const place of found) console.log(`      ${place}`)
}
