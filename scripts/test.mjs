// Every test: the checks, then vitest in Node and in Chromium. Installs what they need beyond npm where it can.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = new URL('..', import.meta.url).pathname
const known = new Set(['--no-install', '--no-check', '--help'])
const flags = new Set(process.argv.slice(2).filter(argument => known.has(argument)))
const rest = process.argv.slice(2).filter(argument => !known.has(argument))
if (flags.has('--help')) {
  console.log('npm test -- [--no-install] [--no-check] [arguments of vitest]')
  process.exit(0)
}

const driver = '/usr/lib/chromium/vk_swiftshader_icd.json'
const missing = () => [
  ...(existsSync('/usr/bin/chromium') ? [] : ['chromium']),
  ...(spawnSync('sh', ['-c', 'ldconfig -p | grep -q libvulkan.so.1']).status === 0 ? [] : ['libvulkan1'])
]
if (missing().length > 0) {
  const install = `apt-get update && apt-get install -y --no-install-recommends ${missing().join(' ')}`
  const can =
    process.platform === 'linux' &&
    process.getuid?.() === 0 &&
    existsSync('/usr/bin/apt-get') &&
    !flags.has('--no-install')
  if (can) {
    console.log(`Installing ${missing().join(' and ')} for the tests in a browser and on WebGPU.`)
    spawnSync('sh', ['-c', `(${install}) >/dev/null 2>&1`], {
      stdio: 'inherit',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    })
  }
  if (missing().length > 0) console.log(`Tests in a browser or on WebGPU will be skipped. To run them: ${install}`)
}
if (!['tfjs-node', 'tfjs-node-gpu'].some(name => existsSync(join(root, 'node_modules/@tensorflow', name, 'lib')))) {
  console.log("Tests on TensorFlow's library will be skipped. To run them: npm run backend-node:build")
}
const env = {
  ...process.env,
  ...(existsSync(driver) && process.env.VK_ICD_FILENAMES === undefined && { VK_ICD_FILENAMES: driver })
}

/** What to look at first when the tests have become long. */
const slowest = files =>
  files
    .map(({ name, startTime, endTime }) => ({ name: name.replace(root, ''), seconds: (endTime - startTime) / 1000 }))
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, 15)
    .map(({ name, seconds }) => `  ${seconds.toFixed(1).padStart(6)} s  ${name}`)

let failed = false
if (!flags.has('--no-check'))
  failed =
    spawnSync(process.execPath, [join(root, 'scripts/check.mjs')], { cwd: root, stdio: 'inherit', env }).status !== 0

const totals = { passed: 0, failed: 0, skipped: 0 }
const browser = 'vitest.browser.config.ts'
const suites = [
  { config: 'vitest.config.ts', where: 'Node' },
  ...(existsSync('/usr/bin/chromium')
    ? [
        { config: browser, where: 'Chromium' },
        { config: browser, where: 'Chromium, isolated', more: { ISOLATED: '1' } },
        { config: 'vitest.site.config.ts', where: 'the site' }
      ]
    : [])
]
for (const { config, where, more } of suites) {
  const report = join(tmpdir(), `lapstrake-${process.pid}-${where}.json`)
  const { status } = spawnSync(
    join(root, 'node_modules/.bin/vitest'),
    ['run', '--config', config, '--reporter=dot', '--reporter=json', `--outputFile.json=${report}`, ...rest],
    { cwd: root, stdio: 'inherit', env: { ...env, ...more } }
  )
  const result = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined
  rmSync(report, { force: true })
  totals.passed += result?.numPassedTests ?? 0
  totals.failed += result?.numFailedTests ?? 0
  totals.skipped += (result?.numPendingTests ?? 0) + (result?.numTodoTests ?? 0)
  console.log(
    `${where}: ${result?.numPassedTests ?? 0} passed, ${result?.numFailedTests ?? 0} failed; the slowest files:\n` +
      slowest(result?.testResults ?? []).join('\n')
  )
  failed ||= status !== 0 || result === undefined || result.numPassedTests === 0
}
if (rest.length === 0) {
  const { status, stdout } = spawnSync('npm', ['run', '--silent', 'test:upstream', '-w', '@lapstrake/backend-wasm'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['inherit', 'pipe', 'inherit'],
    env
  })
  const [, passed, failing] = /: (\d+) of these pass here, (\d+) fail/.exec(stdout) ?? []
  totals.passed += Number(passed ?? 0)
  totals.failed += Number(failing ?? 0)
  console.log(`TensorFlow.js's own tests of kernels on backend-wasm:\n${stdout}`)
  failed ||= status !== 0 || !(Number(passed) > 0)
}
if (failed && totals.failed === 0) console.log('Something beside the tests failed; see above.')
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
process.exit(failed ? 1 : 0)
