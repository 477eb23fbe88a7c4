import '@tensorflow/tfjs-backend-cpu'
import { checkOptions } from '@lapstrake/core/options'
import * as tf from '@tensorflow/tfjs-core'
import { builtin } from './builtin.ts'
import { Engine } from './engine.ts'
import { registerKernels } from './kernels/index.ts'
import { loadModule } from './load-module.ts'
import { mostThreads } from './threads.ts'
import { WasmBackend } from './wasm-backend.ts'

export interface RegisterWasmOptions {
  /** The folder of this package's `.wasm` files, with a slash at the end; found by itself in Node and by bundlers. */
  readonly wasmPaths?: string | undefined
  /**
   * Threads that share the work; `auto` takes as many as there are processors, up to eight, where memory can be shared,
   * and one elsewhere. At most 256.
   */
  readonly threads?: 'auto' | number | undefined
  /**
   * Multiplies and adds with one rounding where the host can: faster, and equal to hosts that cannot up to rounding.
   */
  readonly relaxed?: boolean | undefined
  /**
   * Convolutions of 3 × 3 with stride 1 in fewer multiplications (Winograd's); their rounding errors are others, and no
   * larger for numbers of one size.
   */
  readonly winograd?: boolean | undefined
  /**
   * The most bytes that the memory may grow to: as many as the host lets it, 4 GB on most, when left out. A step that
   * wants more is refused with `OutOfRoom`.
   */
  readonly memory?: number | undefined
}

/**
 * Makes the wasm backend ready to train, and the current one. Its tensors live in one WebAssembly memory; hot kernels
 * come from this package's module, all others are those of the JavaScript backend. Options count at the first call.
 *
 * @returns what it runs on, in words
 * @throws RangeError if `threads` is not a whole number from 1 to 256, or `memory` not from 64 MB to 4 GB, in bytes
 * @throws Error if another backend is registered as `wasm`, the host has no SIMD, or the module cannot be fetched
 */
export async function registerWasm(options: RegisterWasmOptions = {}): Promise<string> {
  checkOptions<RegisterWasmOptions>('registerWasm', options, {
    wasmPaths: 'string',
    threads: ['number', 'string'],
    relaxed: 'boolean',
    winograd: 'boolean',
    memory: 'number'
  })
  const { threads = 'auto', memory = longest } = options
  if (threads !== 'auto' && !(Number.isInteger(threads) && threads >= 1 && threads <= mostThreads)) {
    const got = typeof threads === 'number' ? threads : JSON.stringify(threads)
    throw new RangeError(
      `backend-wasm: expected threads to be 'auto' or a whole number from 1 to ${mostThreads}, got ${got}. ` +
        'Take as many as there are processors.'
    )
  }
  if (!(memory >= shortest && memory <= longest)) {
    throw new RangeError(
      `backend-wasm: expected a memory from ${shortest} bytes (64 MB) to ${longest} (4 GB), got ${memory}. ` +
        'Leave it out for all there is.'
    )
  }
  const known = tf.engine().findBackendFactory('wasm')
  if (known === null || known === undefined) await register(options)
  else if (known !== start) {
    throw new Error(
      'backend-wasm: expected to be the only backend of the name wasm, but another is registered. ' +
        'Do not import @tensorflow/tfjs-backend-wasm beside it.'
    )
  }
  await tf.setBackend('wasm')
  const { engine } = tf.backend() as WasmBackend
  const count = engine.threads === 1 ? 'one thread' : `${engine.threads} threads`
  const fused = engine.relaxed ? ', fused multiply-add' : ''
  const limit = canShare() ? '' : ' (the page is not isolated from other origins: it can have no more)'
  return `WebAssembly, ${count}${fused}${limit}`
}

async function register({
  wasmPaths,
  threads = 'auto',
  relaxed = true,
  winograd = true,
  memory = longest
}: RegisterWasmOptions): Promise<void> {
  const shared = canShare()
  const count = !shared ? 1 : threads === 'auto' ? Math.min(mostByItself, processors()) : threads
  const loaded = await loadModule({ shared, relaxed, folder: wasmPaths })
  const begin = async (): Promise<Engine> => Engine.start({ ...loaded, shared, winograd, threads: count, memory })
  let first: Engine | undefined = await begin()
  // TensorFlow.js disposes its backends when it is reset, and asks for others.
  start = async () => {
    const engine = first ?? (await begin())
    first = undefined
    return new WasmBackend(engine)
  }
  tf.registerBackend('wasm', start)
  registerKernels()
}

let start: (() => Promise<WasmBackend>) | undefined

/** Kernels are short: waking more threads than this costs, and more than eight are unmeasured. */
const mostByItself = 8

/** What WebAssembly can address, and what the module and a first batch need, in bytes. */
const [longest, shortest] = [2 ** 32, 2 ** 26]

/** Threads need a memory that they share; browsers give one to pages that are isolated from other origins. */
const canShare = (): boolean => typeof SharedArrayBuffer !== 'undefined' && (globalThis.crossOriginIsolated ?? true)

const processors = (): number => (builtin ? builtin('node:os').availableParallelism() : navigator.hardwareConcurrency)
