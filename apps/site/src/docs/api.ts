// Writes docs/api from the doc comments of all packages: one page a package, and an index by what one wants.
import { readFileSync, writeFileSync } from 'node:fs'
import { Application, Converter, ReflectionKind, type ProjectReflection } from 'typedoc'
import { apiIndex } from './api-index.ts'
import { folded, namesOf } from './folded.ts'
import { libraries, root } from './packages.ts'

// The facade comes last: what it passes on is described where it lives.
const ordered = libraries.toSorted((a, b) => Number(a.name === 'lapstrake') - Number(b.name === 'lapstrake'))

const options = {
  plugin: ['typedoc-plugin-markdown'],
  entryPoints: ordered.map(({ folder }) => `${root}${folder}/src/index.ts`),
  basePath: root,
  outputs: [{ name: 'markdown', path: `${root}docs/api` }],
  tsconfig: `${root}tsconfig.json`,
  router: 'module',
  entryFileName: 'index',
  name: 'API',
  readme: 'none',
  skipErrorChecking: true, // "check types" does it
  disableSources: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  excludeInternal: true,
  excludeExternals: true, // what every Error has
  excludePrivate: true,
  useCodeBlocks: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  tableColumnSettings: { hideModifiers: true }, // all are read-only
  validation: { invalidLink: true, notExported: false, notDocumented: false },
  logLevel: 'Warn'
}
const app = await Application.bootstrapWithPlugins(options as Parameters<typeof Application.bootstrapWithPlugins>[0])
app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }: { project: ProjectReflection }) => {
  for (const module of project.children ?? []) {
    const found = libraries.find(({ folder }) => module.name === `${folder}/src`)
    if (found === undefined)
      throw new Error(`api: expected modules named by their packages' folders, got ${module.name}.`)
    module.name = found.page
  }
})
app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }: { project: ProjectReflection }) => {
  for (const parameter of project.getReflectionsByKind(ReflectionKind.Parameter)) {
    // What is taken apart where it is declared has no name of its own.
    if (parameter.name.startsWith('__namedParameters')) parameter.name = 'options'
  }
})
const project = await app.convert()
if (project === undefined) throw new Error('api: typedoc could not read the packages; see above.')
await app.generateOutputs(project)
if (app.logger.hasErrors() || app.logger.hasWarnings())
  throw new Error('api: expected doc comments whose links resolve; see above.')

const pages = new Map(
  libraries.map(({ page }) => [page, readFileSync(`${root}docs/api/${page}.md`, 'utf8').trim()] as const)
)
writeFileSync(
  `${root}docs/api/index.md`,
  apiIndex(libraries, page => namesOf(pages.get(page)!))
)
for (const { name, page, description } of libraries) {
  const words = `${description.replace(/\.?$/, '.')} [Its README](/packages/${page}) has an example.`
  writeFileSync(`${root}docs/api/${page}.md`, folded(pages.get(page)!.replace(/^# .*\n/, `# ${name}\n\n${words}\n`)))
}
