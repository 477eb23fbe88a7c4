#!/usr/bin/env node
// Builds the native half of tfjs-node from its own sources, on TensorFlow's library as its Python wheel has it.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const version = '4.22.0'
/** The last whose log can be silenced from the start, and small among those with a library that is free of Python. */
const tensorFlow = '2.15.1'

const { values } = parseArgs({
  options: {
    gpu: { type: 'boolean', default: false },
    wheel: { type: 'string' },
    cache: { type: 'string' },
    help: { type: 'boolean', default: false }
  }
})
if (values.help) {
  console.log(`lapstrake-build-tfjs-node [--gpu] [--wheel FILE] [--cache FOLDER]
Builds the native half of @tensorflow/tfjs-node ${version}, which it installs if it is not there, for Linux on x64.
TensorFlow's library comes out of the wheel tensorflow-cpu ${tensorFlow}, by pip, or out of FILE.
Needs python3 with pip, and g++ or what CXX names.
--gpu: of tfjs-node-gpu, on the wheel tensorflow ${tensorFlow}, which wants CUDA 12.2 and cuDNN 8.9 on the machine.
The library stays in FOLDER, ~/.cache/lapstrake when left out, and the package links to it: 0.6 GB.`)
  process.exit(0)
}

const name = values.gpu ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node'
const wheel = values.gpu ? 'tensorflow' : 'tensorflow-cpu'
const cache = resolve(values.cache ?? join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'lapstrake'))

try {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(`expected Linux on x64, got ${process.platform} on ${process.arch}`)
  const folder = findPackage() ?? installPackage()
  const library = unpackLibrary()
  compile(folder, library)
  console.log(`Built ${name} ${version} on TensorFlow ${tried()}.`)
} catch (error) {
  console.error(`build-binding: ${error.message}.`)
  process.exit(1)
}

function findPackage() {
  try {
    return dirname(createRequire(join(process.cwd(), 'package.json')).resolve(`${name}/package.json`))
  } catch {
    return undefined
  }
}

function installPackage() {
  console.log(`Installing ${name} ${version}, without a word in package.json.`)
  run('npm', ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${version}`])
  return findPackage()
}

/** The folder with `lib` and `include`, filled on first use. */
function unpackLibrary() {
  const library = join(
    cache,
    values.wheel === undefined ? `${wheel}-${tensorFlow}` : `from-${values.wheel.split('/').at(-1)}`
  )
  if (existsSync(library)) return library
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'unpacking-'))
  try {
    const file = values.wheel ?? download(folder)
    // A wheel is a zip file, and Python is there: pip came with it.
    run('python3', [
      '-c',
      `
import sys, zipfile
wheel, folder = sys.argv[1:]
with zipfile.ZipFile(wheel) as zip:
    wanted = (
        'tensorflow/libtensorflow_', 'tensorflow/include/tensorflow/c/',
        'tensorflow/include/tensorflow/core/platform/', 'tensorflow/include/tsl/', 'tensorflow/include/xla/tsl/')
    zip.extractall(folder, [name for name in zip.namelist() if name.startswith(wanted)])`,
      file,
      folder
    ])
    const parts = join(folder, 'tensorflow')
    const libraries = readdirSync(parts).filter(file => file.startsWith('libtensorflow_'))
    if (!libraries.includes('libtensorflow_cc.so.2'))
      throw new Error(
        `expected libtensorflow_cc.so.2 in ${file}, got ${libraries.join(', ') || 'no library'}. ` +
          `Take a wheel of ${tensorFlow}`
      )
    mkdirSync(join(parts, 'lib'))
    for (const file of libraries) renameSync(join(parts, file), join(parts, 'lib', file))
    if (!existsSync(library)) renameSync(parts, library)
    return library
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function download(folder) {
  console.log(`Downloading the wheel ${wheel} ${tensorFlow}.`)
  run('python3', [
    '-m',
    'pip',
    'download',
    '--quiet',
    '--disable-pip-version-check',
    '--retries',
    '1',
    '--timeout',
    '20',
    '--no-deps',
    '--only-binary=:all:',
    '--python-version',
    '3.11',
    '--dest',
    folder,
    `${wheel}==${tensorFlow}`
  ])
  return join(
    folder,
    readdirSync(folder).find(file => file.endsWith('.whl'))
  )
}

/** What node-gyp would do from the package's binding.gyp, without its download of Node's headers. */
function compile(folder, library) {
  const {
    binary: { napi_versions: known }
  } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const api = Math.max(...known.filter(version => version <= process.versions.napi))
  const target = join(folder, 'lib', `napi-v${api}`)
  mkdirSync(target, { recursive: true })
  mkdirSync(join(folder, 'deps'), { recursive: true })
  const built = join(target, `building-${process.pid}.node`)
  console.log('Compiling.')
  run(process.env.CXX ?? 'g++', [
    '-std=c++17',
    '-O2',
    '-fPIC',
    '-shared',
    '-w',
    `-DNAPI_VERSION=${api}`,
    `-I${nodeHeaders()}`,
    `-I${join(library, 'include')}`,
    ...readdirSync(join(folder, 'binding'))
      .filter(file => file.endsWith('.cc'))
      .map(file => join(folder, 'binding', file)),
    '-o',
    built,
    `-L${join(library, 'lib')}`,
    '-l:libtensorflow_cc.so.2',
    '-l:libtensorflow_framework.so.2',
    '-Wl,-rpath,$ORIGIN/../../deps/lib'
  ])
  renameSync(built, join(target, 'tfjs_binding.node'))
  rmSync(join(folder, 'deps/lib'), { recursive: true, force: true })
  symlinkSync(join(library, 'lib'), join(folder, 'deps/lib'))
}

/** Node's own where they lie beside it, else those of N-API alone, which is all that is included. */
function nodeHeaders() {
  const beside = join(dirname(process.execPath), '../include/node')
  if (existsSync(join(beside, 'node_api.h'))) return beside
  const headers = join(cache, 'headers')
  run('npm', ['install', '--prefix', headers, '--no-audit', '--no-fund', 'node-api-headers@1.9.0'])
  return join(headers, 'node_modules/node-api-headers/include')
}

/** The library's version, from a process that has started it. */
function tried() {
  return run(
    process.execPath,
    [
      '-e',
      `
    const util = require('node:util')
    util.isNullOrUndefined ??= value => value == null
    util.isArray ??= Array.isArray
    const tf = require('${name}')
    if (tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0] !== 11) throw new Error('it multiplies wrongly')
    console.log(tf.backend().binding.TF_Version)`
    ],
    { TF_CPP_MIN_LOG_LEVEL: '2' }
  ).trim()
}

function run(command, args, env = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env }
  })
  if (status === 0) return stdout
  const reason =
    error?.message ??
    stderr
      .trim()
      .split('\n')
      .filter(line => !line.startsWith('npm error A complete log') && !line.startsWith('WARNING: Retrying'))
      .slice(-2)
      .join(' ')
  throw new Error(
    `${[command, ...args.filter(argument => !argument.includes('\n'))].slice(0, 3).join(' ')} failed: ` +
      `${reason.replace(/\.$/, '')}`
  )
}
