// Every check but the tests: types, lint with the dependency arrows, builds, packages as npm would publish them, unused
// code, what pages load.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

if (process.argv.includes('--help')) {
  console.log(
    'npm run check -- [name …]\n' +
      'Runs the checks named, or all: format, types, lint, docs, build, publint, attw, knip, size.'
  )
  process.exit(0)
}

const root = new URL('..', import.meta.url).pathname
const folders = ['packages', 'packages/backbones', 'packages/backends', 'packages/losses']
  .flatMap(folder => readdirSync(join(root, folder)).map(name => join(root, folder, name)))
  .filter(folder => existsSync(join(folder, 'package.json')))
const bin = name => join(root, 'node_modules/.bin', name)

const run = (command, args, options = {}) =>
  new Promise(resolve => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', NO_COLOR: '1' },
      ...options
    })
    let output = ''
    child.stdout.on('data', chunk => {
      output += chunk
    })
    child.stderr.on('data', chunk => {
      output += chunk
    })
    child.on('error', error => resolve({ code: 1, output: error.message }))
    child.on('exit', code => resolve({ code, output }))
  })

/** Runs a command in every package, two at a time, and gathers what failed. */
const everywhere = async (command, argsOf, wanted = () => true) => {
  const waiting = folders.filter(wanted)
  const failures = []
  await Promise.all(
    [0, 1].map(async () => {
      for (let folder = waiting.shift(); folder !== undefined; folder = waiting.shift()) {
        const { code, output } = await run(command, argsOf(folder), { cwd: folder })
        if (code !== 0) failures.push(`${folder}\n${output}`)
      }
    })
  )
  return { code: failures.length, output: failures.join('\n') }
}

const columns = 120

/** Lines that the formatter cannot break, and the files that it cannot read: AssemblyScript. */
const longLines = async () => {
  const { output } = await run('git', ['ls-files', '*.ts', '*.vue', '*.js', '*.mjs'])
  const long = output
    .trim()
    .split('\n')
    .flatMap(file => {
      const lines = readFileSync(join(root, file), 'utf8').split('\n')
      return lines.flatMap((line, i) => ([...line].length > columns ? [`${file}:${i + 1} is ${line.length} wide`] : []))
    })
  return { code: long.length, output: long.join('\n') }
}

const checks = {
  format: async () => {
    const formatted = await run(bin('biome'), ['format'])
    return formatted.code === 0 ? longLines() : formatted
  },
  types: () => run(bin('tsc'), ['-p', 'tsconfig.json']),
  lint: () => run(bin('eslint'), ['packages', 'apps', 'docs', '--max-warnings', '0']),
  docs: () => run(process.execPath, [join(root, 'scripts/check-docs.mjs')]),
  build: () => run('npm', ['run', '--silent', 'build', '--', '--output-logs=errors-only']),
  publint: () => everywhere(bin('publint'), () => ['--strict']),
  attw: () =>
    everywhere(
      bin('attw'),
      () => ['--pack', '.', '--profile', 'node16', '--quiet'],
      folder => !folder.endsWith('packages/cli')
    ),
  knip: () => run(bin('knip'), []),
  size: () => run(bin('size-limit'), ['--hide-passed'])
}

const chosen = process.argv.slice(2)
let failed = 0
for (const [name, check] of Object.entries(checks)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue
  const began = performance.now()
  const { code, output } = await check()
  console.log(`${code === 0 ? '✓' : '✗'} ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`)
  if (code !== 0) {
    failed++
    console.log(output)
  }
}
console.log(failed === 0 ? 'All checks are clean.' : `${failed} checks failed.`)
process.exit(failed === 0 ? 0 : 1)
