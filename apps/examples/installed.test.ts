import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildPackages, installDependencies, installPackages, manifestOf, packages, withTheirOwn } from './install.ts'

// What someone gets who installs packages into an empty folder: from the archives that npm would publish.
const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'lapstrake-installed-'))
const bin = (name: string): string => join(root, 'node_modules/.bin', name)

beforeAll(buildPackages, 300_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const emptyFolder = (name: string): string => {
  const place = join(folder, name)
  mkdirSync(place)
  return place
}

/** What a command says; fails with it. */
const said = (cwd: string, command: string, ...args: readonly string[]): string => {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  expect(status, `${command} ${args.join(' ')}\n${stdout}${stderr}`).toBe(0)
  return `${stdout}${stderr}`
}

test('a loss brings core, what losses share and TensorFlow.js, and no layers of it', () => {
  const brought = withTheirOwn(['@lapstrake/loss-info-nce'])
  expect(brought.filter(name => /^@(lapstrake|tensorflow)\//.test(name)).sort()).toEqual([
    '@lapstrake/core',
    '@lapstrake/embeddings',
    '@lapstrake/kernels',
    '@lapstrake/loss-info-nce',
    '@tensorflow/tfjs-core'
  ])
  expect(withTheirOwn([...packages().keys()])).not.toContain('@tensorflow/tfjs-layers')
})

test('a README names all that its example needs, and the example runs from that', { timeout: 300_000 }, () => {
  for (const [name, place] of packages()) {
    const readme = readFileSync(join(place, 'README.md'), 'utf8')
    const [, code] = /## Example[^#]*?```ts\n(.*?)```/s.exec(readme) ?? []
    const [, line = ''] = /## Install[^#]*?npm install ([^\n]*)/s.exec(readme) ?? []
    // The suites of testing run inside vitest only, and do so in every package.
    if (code === undefined || name === '@lapstrake/testing') continue
    const named = line.split(' ').map(word => word.replace(/(.)@[\d.]+$/, '$1'))
    const imported = [...code.matchAll(/(?:from|import) '((?:@[^/']+\/)?[^./'][^/':]*)[/']/g)].map(([, each]) => each!)
    expect(named, `the install line of ${name}`).toEqual(expect.arrayContaining(imported))
    const here = emptyFolder(basename(place))
    installPackages(named, here)
    writeFileSync(join(here, 'example.mts'), code)
    said(
      here,
      process.execPath,
      '--import',
      pathToFileURL(join(root, 'node_modules/tsx/dist/loader.mjs')).href,
      'example.mts'
    )
  }
})

test('require gives the very modules that import gives', () => {
  const here = emptyFolder('required')
  installPackages([...packages().keys()], here)
  const entries = [...packages()].flatMap(([name, place]) => {
    const { exports } = manifestOf(place)
    return Object.keys(exports ?? {})
      .filter(path => path !== './package.json')
      .map(path => `${name}${path.slice(1)}`)
  })
  expect(entries.length).toBeGreaterThan(30)
  writeFileSync(
    join(here, 'both.cjs'),
    `const check = async name => {
      const [required, imported] = [require(name), await import(name)]
      const names = Object.keys(imported).filter(key => key !== 'default' && key !== 'module.exports')
      if (names.length === 0 || names.some(key => required[key] !== imported[key])) throw new Error(name)
    }
    (async () => { for (const name of ${JSON.stringify(entries)}) await check(name) })()`
  )
  expect(said(here, process.execPath, 'both.cjs')).not.toContain('ExperimentalWarning')
})

describe('types', () => {
  const consumer = `import * as tf from '@tensorflow/tfjs-core'
import { ofTwoViews, MissingLabels, type Loss } from '@lapstrake/core'
import { DeviceLost } from '@lapstrake/core/errors'
import { ntXent } from '@lapstrake/loss-info-nce'
const views = [tf.ones<tf.Rank.R2>([2, 3]), tf.ones<tf.Rank.R2>([2, 3])] as const
const values: tf.Scalar[] = [ntXent()(views), ofTwoViews((a, b) => tf.mean(tf.squaredDifference(a, b)))(views)]
const loss: Loss = ntXent()
// @ts-expect-error A loss may read its batch.
loss(views)
// @ts-expect-error No such option.
ntXent({ temprature: 1 })
export const all = [values, MissingLabels, DeviceLost]
`
  let here = ''
  beforeAll(() => {
    here = emptyFolder('typed')
    installPackages(['@lapstrake/loss-info-nce', '@lapstrake/core', '@tensorflow/tfjs-core'], here)
    for (const extension of ['ts', 'mts', 'cts']) writeFileSync(join(here, `consumer.${extension}`), consumer)
  })

  test.each([
    ['node16', 'node16', 'mts'],
    ['node16', 'node16', 'cts'],
    ['nodenext', 'nodenext', 'mts'],
    ['nodenext', 'nodenext', 'cts'],
    ['esnext', 'bundler', 'ts']
  ])('resolve by %s, %s in a file .%s', (module, resolution, extension) => {
    const how = ['--module', module, '--moduleResolution', resolution, '--target', 'es2022', '--preserveSymlinks']
    said(here, bin('tsc'), '--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', ...how, `consumer.${extension}`)
  })
})

describe('npm create lapstrake', () => {
  /** Makes a folder with the packed command, and installs what it names. */
  const created = (...args: readonly string[]): string => {
    const by = join(folder, 'create', 'node_modules/.bin/create-lapstrake')
    expect(said(folder, process.execPath, by, ...args)).toContain(`Next:\n  cd ${args[0]}\n  npm install\n`)
    const place = join(folder, args[0]!)
    installDependencies(place)
    return place
  }
  beforeAll(() => {
    installPackages(['create-lapstrake'], emptyFolder('create'))
  })

  test('a project trains at its first start, shows what it has learned, and passes its tests', {
    timeout: 300_000
  }, () => {
    const here = created('my-project')
    expect(readdirSync(here)).toContain('.gitignore')
    const told = said(here, 'npm', 'start')
    const [pixels, stage] = ['raw pixels', 'my-project, conv2'].map(name =>
      Number(new RegExp(`${name} +([\\d.]+) %`).exec(told)?.[1])
    )
    expect(stage).toBeGreaterThan(pixels! + 10)
    expect(said(here, 'npm', 'test')).toContain('# pass 2')
  })

  test.each(['loss', 'isolation', 'stage'])(
    'a plugin of the kind %s passes the tests of all of them, is built and packed',
    { timeout: 300_000 },
    kind => {
      const here = created(`our-${kind}`, '--plugin', kind)
      expect(said(here, 'npm', 'test')).toMatch(/Tests.* passed/)
      said(here, 'npm', 'run', 'build')
      const [{ files }] = JSON.parse(
        execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
          cwd: here,
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore']
        })
      ) as [{ files: { path: string }[] }]
      expect(files.map(({ path }) => path).sort()).toEqual([
        'README.md',
        'dist/index.d.ts',
        'dist/index.js',
        `dist/our-${kind}.d.ts`,
        `dist/our-${kind}.js`,
        'package.json'
      ])
    }
  )

  test('a folder that is not empty, a wrong word and no name at all are refused', () => {
    const by = join(folder, 'create', 'node_modules/.bin/create-lapstrake')
    const refused = (...args: string[]): { status: number | null; stderr: string } =>
      spawnSync(process.execPath, [by, ...args], { cwd: folder, encoding: 'utf8' })
    expect(refused('create')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('expected an empty folder or none')
    })
    expect(refused('Loss')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('expected a name in small letters')
    })
    expect(refused('new', '--plugin', 'loss')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('Try new-loss.')
    })
    expect(refused('x', '--plugin', 'head')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('expected --plugin loss, isolation, stage, got head.')
    })
    expect(refused('x', '--plugn', 'loss').status).toBe(2)
    expect(refused('x', 'y').status).toBe(2)
    expect(refused()).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('expected a name for the folder, got none.')
    })
  })
})
