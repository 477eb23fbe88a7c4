import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fusedKernels } from '@lapstrake/kernels'
import { expect, test } from 'vitest'

/** Who may import whom, as the linter holds them to it. */
const { below } = (await import(new URL('../eslint.config.js', import.meta.url).href)) as {
  below: Readonly<Record<string, readonly string[]>>
}

const root = new URL('..', import.meta.url).pathname
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts', '*.mjs', '*.js', '*.vue'], {
  cwd: root,
  encoding: 'utf8'
})
  .trim()
  .split('\n')
  .filter(path => existsSync(join(root, path)))
/** What runs, without tests and what only they use. */
const product = tracked.filter(path => !/\.test\.ts$|\/testing\/|^docs\/house/.test(path))

/** The folders of packages, from `packages`. */
const packages = ['.', 'backbones', 'backends', 'losses'].flatMap(folder =>
  readdirSync(join(root, 'packages', folder))
    .map(name => (folder === '.' ? name : `${folder}/${name}`))
    .filter(name => existsSync(join(root, 'packages', name, 'package.json')))
)
const nameOf = (folder: string): string =>
  (JSON.parse(read(`packages/${folder}/package.json`)) as { name: string }).name

test('the packages read as the fields of a recipe, then what surrounds it', () => {
  const told = /```\n(packages\/\n[\s\S]*?)```/.exec(read('docs/decisions/0021-the-house.md'))![1]!
  const named = [...told.matchAll(/^ {4}(.*)$/gm)].flatMap(([, line]) =>
    [...line!.matchAll(/([\w/-]+)\/(?=\s|$)/g)].map(([, name]) => name!)
  )
  expect(named.sort()).toEqual([...packages].sort())
})

test('each has a place in the table of the README and arrows, and depends on nothing but what these allow', () => {
  const readme = read('README.md')
  for (const folder of packages) {
    expect(readme, `README.md names ${folder}`).toMatch(new RegExp(`\\]\\(packages/${folder}\\)`))
    expect(Object.keys(below), `eslint.config.js says what ${folder} may import`).toContain(folder)
    const { dependencies = {} } = JSON.parse(read(`packages/${folder}/package.json`)) as { dependencies?: object }
    const own = Object.keys(dependencies).filter(name => name === 'lapstrake' || name.startsWith('@lapstrake/'))
    const allowed = below[folder]!.map(name => (name === 'lapstrake' ? name : `@lapstrake/${name.split('/')[0]}`))
    expect(allowed, `${folder} depends on what it may import`).toEqual(expect.arrayContaining(own))
  }
})

test('nothing imports the facade but applications', () => {
  const applications = /^(?:apps|docs|scripts)\/|^packages\/(?:cli|create-lapstrake\/templates\/project)\//
  const importing = product.filter(path => /^(?:import|export|\}).* from 'lapstrake(?:\/node)?'$/m.test(read(path)))
  expect(importing.filter(path => !applications.test(path))).toEqual([])
  const own = tracked.filter(
    path => path.startsWith('packages/lapstrake/src/') && !/\.test\.ts$|\/testing\//.test(path)
  )
  expect(own.sort()).toEqual(['packages/lapstrake/src/index.ts', 'packages/lapstrake/src/node.ts'])
  for (const path of own) expect(read(path)).toMatch(/^(?:export \* from '@lapstrake\/[\w/-]+'\n)+$/)
})

test('the command fits a hand, and each of its commands a screen', () => {
  expect(readdirSync(join(root, 'packages/cli/src')).sort()).toEqual([
    'commands',
    'main.ts',
    'pages',
    'terminal',
    'testing'
  ])
  const commands = [...read('packages/cli/src/main.ts').matchAll(/import\('\.\/commands\/([\w-]+)\.ts'\)/g)]
  expect(commands.length).toBeGreaterThan(10)
  const tall = commands.map(([, name]) => [name, read(`packages/cli/src/commands/${name}.ts`).split('\n').length])
  expect(tall.filter(([, lines]) => Number(lines) > 120)).toEqual([])
})

test('no kernel and no data set is looked up by a string', () => {
  const quoted = (name: string): string[] =>
    product.filter(path => new RegExp(`['"\`]${name}['"\`]`).test(read(path)) && !path.startsWith('docs/results'))
  for (const { name } of fusedKernels)
    expect(quoted(name), name).toEqual([expect.stringMatching(/^packages\/kernels\/src\//)])
  // The command's table; and the cells of a study, as its results name them.
  const tables = /^packages\/cli\/src\/commands\/data-by-name\.ts$|^apps\/bench\/src\/loco\//
  for (const name of ['shapes', 'cifar10', 'cifar100', 'mnist', 'fashion-mnist']) {
    const elsewhere = quoted(name).filter(path => !path.startsWith('packages/data/src/'))
    expect(
      elsewhere.filter(path => !tables.test(path)),
      name
    ).toEqual([])
  }
  expect(packages.map(nameOf)).toContain('@lapstrake/kernels')
})
