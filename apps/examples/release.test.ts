import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { buildPackages } from './install.ts'

interface Release {
  readonly before: ReadonlyMap<string, string>
  readonly versions: ReadonlyMap<string, string>
  readonly asked: string
  readonly root: string
}

const root = join(import.meta.dirname, '../..')
const { faultsOf } = (await import(new URL('../../scripts/release-faults.mjs', import.meta.url).href)) as {
  faultsOf(folder: string, release: Release): string[]
}
const folder = mkdtempSync(join(tmpdir(), 'lapstrake-release-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('every package could be published, as its archive is', { timeout: 600_000 }, () => {
  buildPackages()
  const said = execFileSync(process.execPath, ['scripts/release-dry.mjs', '--no-build'], {
    cwd: root,
    encoding: 'utf8'
  })
  expect(said).toMatch(/^\d+ packages could be published/m)
})

/** A package as it could be published, but for what is changed: files by their paths, none where there is no text. */
function faultsWith(changed: Readonly<Record<string, string | undefined>>, asked = ''): string[] {
  const place = mkdtempSync(join(folder, 'package-'))
  const manifest = {
    name: '@lapstrake/one',
    version: '0.2.0',
    exports: { '.': { '@lapstrake/source': './src/index.ts', default: './dist/index.js' } },
    dependencies: { '@lapstrake/two': '0.3.0' }
  }
  const files = {
    'package.json': JSON.stringify(manifest),
    'README.md': '# @lapstrake/one\n\nnpm install @lapstrake/one\n',
    LICENSE: 'MIT',
    'dist/index.js': 'export const one = 1\n',
    ...changed
  }
  for (const [path, text] of Object.entries(files)) {
    if (text === undefined) continue
    mkdirSync(dirname(join(place, path)), { recursive: true })
    writeFileSync(join(place, path), text)
  }
  const before = new Map([
    ['@lapstrake/one', '0.1.0'],
    ['@lapstrake/two', '0.3.0']
  ])
  return faultsOf(place, { before, versions: new Map([...before, ['@lapstrake/one', '0.2.0']]), asked, root })
}

const manifestWith = (change: object): string =>
  JSON.stringify({ name: '@lapstrake/one', version: '0.2.0', exports: './dist/index.js', ...change })

test('what is missing, stray or of another version is said', () => {
  expect(faultsWith({})).toEqual([])
  expect(faultsWith({ LICENSE: undefined })).toEqual(['expected LICENSE in it, got none.'])
  expect(faultsWith({ 'dist/index.js': undefined })).toEqual([
    'expected ./dist/index.js, which package.json names, got no such file. Build it.'
  ])
  expect(faultsWith({ 'src/index.ts': '' })).toEqual(['expected nothing but what runs, got src/index.ts.'])
  expect(faultsWith({ 'dist/index.js': `// ${root}/` })).toEqual([
    'expected no path of this machine, got one in dist/index.js.'
  ])
  expect(faultsWith({ 'README.md': '# one\n' })).toHaveLength(2)
  expect(faultsWith({ 'package.json': manifestWith({ version: '0.0.0' }) })).toEqual([
    'expected a version of its own, got 0.0.0. Add a changeset.'
  ])
  expect(faultsWith({ 'package.json': manifestWith({ version: '1.0.0' }) })).toEqual([
    'expected no major version, for no changeset asks for one, got 1.0.0.'
  ])
  expect(faultsWith({ 'package.json': manifestWith({ version: '1.0.0' }) }, "'@lapstrake/one': major")).toEqual([])
  expect(faultsWith({ 'package.json': manifestWith({ dependencies: { '@lapstrake/two': '0.2.0' } }) })).toEqual([
    'expected @lapstrake/two 0.3.0, which is released with it, got 0.2.0.'
  ])
})
