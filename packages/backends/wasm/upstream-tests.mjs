// Runs TensorFlow.js's own tests of kernels on this backend: what its wasm backend passes must pass here too.
//
//   node upstream-tests.mjs [--threads count] [--filter text]
//   node upstream-tests.mjs --backend tfjs --list upstream-failing.json
//   node upstream-tests.mjs --backend node --list file.json
//
// The second writes down what TensorFlow.js's wasm backend fails; all other specs are due here. The third runs on
// TensorFlow's library, as backend-node has it.
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import jasmineCore from 'jasmine-core'

const {
  values: { backend, filter, list, threads }
} = parseArgs({
  options: {
    backend: { type: 'string', default: 'lapstrake' },
    filter: { type: 'string', default: '' },
    list: { type: 'string' },
    threads: { type: 'string', default: '2' }
  }
})
const here = fileURLToPath(new URL('.', import.meta.url))
const require = createRequire(import.meta.url)
const core = dirname(require.resolve('@tensorflow/tfjs-core/package.json'))
const quoted = JSON.stringify

/** Source that makes a backend ready to be set. */
const registrations = {
  lapstrake: () => `
    import { registerWasm } from ${quoted(join(here, 'src/index.ts'))}
    const register = () => registerWasm({ wasmPaths: ${quoted(join(here, 'wasm/'))}, threads: ${Number(threads)} })`,
  node: () => `
    import { registerNode } from ${quoted(join(here, '../node/src/index.ts'))}
    const register = () => registerNode()`,
  tfjs: () => {
    const folder = dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))
    return `
      import { setWasmPaths } from ${quoted(join(folder, 'index.js'))}
      const register = () => setWasmPaths(${quoted(`${folder}/`)})`
  }
}
if (!(backend in registrations))
  throw new Error(`upstream-tests: expected a backend of ${Object.keys(registrations).join(', ')}, got ${backend}.`)

/** All tests of these folders of TensorFlow.js are about kernels, and these beside them. */
async function testFiles() {
  const within = await Promise.all(
    ['ops', 'optimizers'].map(async folder =>
      (await readdir(join(core, 'dist', folder)))
        .filter(name => name.endsWith('_test.js'))
        .sort()
        .map(name => `${folder}/${name}`)
    )
  )
  return ['buffer', 'debug_mode', 'engine', 'gradients', 'tensor', 'variable']
    .map(name => `${name}_test.js`)
    .concat(...within)
}

/**
 * Puts the tests, the backend and the TensorFlow.js they share into one file: they are modules that Node does not read
 * as they are.
 */
async function bundle(outfile) {
  const files = await testFiles()
  const backendName = quoted(backend === 'node' ? 'tensorflow' : 'wasm')
  await build({
    stdin: {
      resolveDir: here,
      contents: `
        import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops'
        import '@tensorflow/tfjs-core/dist/register_all_gradients'
        import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util'
        ${registrations[backend]()}
        export async function describeAll() {
          await register()
          setTestEnvs([{ name: 'wasm', backendName: ${backendName}, flags: {}, isDataSync: true }])
          ${files.map(file => `await import('@tensorflow/tfjs-core/dist/${file}')`).join('\n')}
        }`
    },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    mainFields: ['module', 'main'],
    alias: { '@tensorflow/tfjs-core': core },
    // Files that only register something are wanted too.
    ignoreAnnotations: true,
    logLevel: 'error'
  })
}

/** What went wrong in each spec that ran, by its name; specs of the same name are numbered. */
async function run() {
  // Beside the packages, so that one that stays outside is found by name.
  const folder = await mkdtemp(join(core, '../../.upstream-tests-'))
  try {
    await bundle(join(folder, 'tests.cjs'))
    const jasmine = jasmineCore.boot()
    jasmine.DEFAULT_TIMEOUT_INTERVAL = 60_000
    const env = jasmine.getEnv()
    env.configure({ random: false, specFilter: spec => spec.getFullName().includes(filter) })
    await require(join(folder, 'tests.cjs')).describeAll()
    const [messages, counts] = [new Map(), new Map()]
    env.addReporter({
      specDone({ fullName, status, failedExpectations }) {
        if (status !== 'passed' && status !== 'failed') return
        const name = fullName.replace(' wasm {}', '')
        const count = (counts.get(name) ?? 0) + 1
        counts.set(name, count)
        messages.set(
          count === 1 ? name : `${name} (${count})`,
          failedExpectations.map(({ message }) => message)
        )
      }
    })
    // Some tests print and warn.
    const { log, warn } = console
    console.log = console.warn = () => {}
    const { overallStatus } = await env.execute()
    Object.assign(console, { log, warn })
    if (messages.size === 0 || overallStatus === 'incomplete')
      throw new Error(`upstream-tests: expected specs to run to the end, got ${messages.size} (${overallStatus}).`)
    return messages
  } finally {
    await rm(folder, { recursive: true })
  }
}

const messages = await run()
const names = [...messages.keys()]
const failing = names.filter(name => messages.get(name).length > 0).sort()
console.log(`${names.length} specs: ${names.length - failing.length} pass on ${backend}, ${failing.length} fail.`)
if (list !== undefined) await writeFile(list, `${JSON.stringify(failing, null, 1)}\n`)
if (backend === 'lapstrake') {
  const excused = new Set(JSON.parse(await readFile(join(here, 'upstream-failing.json'), 'utf8')))
  for (const name of failing) {
    console.log(
      `${excused.has(name) ? '· fails there too:' : '✗'} ${name}\n  ` +
        `${messages.get(name).join('\n').slice(0, 300).replaceAll('\n', '\n  ')}`
    )
  }
  const due = names.filter(name => !excused.has(name))
  const faults = due.filter(name => messages.get(name).length > 0)
  console.log(
    `${due.length} of them pass on TensorFlow.js's wasm backend: ${due.length - faults.length} of these pass here, ` +
      `${faults.length} fail.`
  )
  process.exitCode = faults.length === 0 ? 0 : 1
}
