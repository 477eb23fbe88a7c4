import '@tensorflow/tfjs-backend-cpu'
import { checkOptions } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { selfTest } from './self-test.ts'

/** Names that {@link useBackend} knows. */
export type BackendName = 'node' | 'webgpu' | 'wasm' | 'cpu'

export interface UseBackendOptions {
  /** Where a browser finds the `.wasm` files of `@lapstrake/backend-wasm`, if its bundler does not know. */
  readonly wasmPaths?: string | undefined
  /**
   * Threads of the wasm backend, or of TensorFlow's library if it has not started yet: as many as processors, when left
   * out; at most 256.
   */
  readonly threads?: number | undefined
  /** Whether the wasm backend may convolve by Winograd's squares; it does, when left out. */
  readonly winograd?: boolean | undefined
  /** The most bytes that the wasm backend's memory may grow to: as many as there may be, when left out. */
  readonly memory?: number | undefined
  /** Takes a WebGPU adapter that is software, for tests. */
  readonly acceptSoftware?: boolean | undefined
}

/** Which backend is in use, and why. */
export interface BackendChoice {
  readonly name: BackendName
  /** What it runs on, in words. */
  readonly description: string
  /** What was tried before, and why it was not taken. */
  readonly refused: readonly { readonly name: BackendName; readonly reason: string }[]
  /** The choice as a sentence to print. */
  readonly sentence: string
}

/** No backend of those that were asked for can be used here. */
export class BackendUnavailable extends Error {
  override readonly name = 'BackendUnavailable'

  /** @param reason why the last of them cannot, without a full stop */
  constructor(
    asked: string,
    readonly reason: string
  ) {
    super(`useBackend: expected to use ${asked}, but could not: ${reason}. Try 'auto'.`)
  }
}

/**
 * Said here as well as in the backends, which `auto` would pass over: what is asked for is refused, whichever would be
 * taken.
 */
const mostThreads = 256

/** Starts a backend and says what it runs on. */
const starters: Readonly<Record<BackendName, (options: UseBackendOptions) => Promise<string>>> = {
  node: async ({ threads }) => (await import('@lapstrake/backend-node')).registerNode({ threads }),
  webgpu: async ({ acceptSoftware = false }) =>
    (await import('@lapstrake/backend-webgpu')).registerWebGPU({ acceptSoftware }),
  wasm: async ({ wasmPaths, threads, winograd, memory }) =>
    (await import('@lapstrake/backend-wasm')).registerWasm({ wasmPaths, threads, winograd, memory }),
  cpu: async () => {
    await tf.setBackend('cpu')
    return 'plain JavaScript, slow'
  }
}

/** As {@link mostThreads}: before `auto` passes over the backend that it is meant for. */
function checkMemory(name: BackendName | 'auto', memory: number): void {
  if (name !== 'auto' && name !== 'wasm')
    throw new TypeError(`useBackend: expected memory beside 'wasm', got it beside '${name}'. Leave it out.`)
  if (!(memory >= 2 ** 26 && memory <= 2 ** 32))
    throw new RangeError(
      `useBackend: expected memory from ${2 ** 26} bytes (64 MB) to ${2 ** 32} (4 GB), got ${memory}. ` +
        'Leave it out for all there is.'
    )
}

const inNode = typeof process !== 'undefined' && Boolean(process.versions?.node)
const order: readonly BackendName[] = inNode ? ['node', 'webgpu', 'wasm', 'cpu'] : ['webgpu', 'wasm', 'cpu']

/**
 * Chooses the backend of TensorFlow.js: `auto` takes the first that starts and computes a small training step right,
 * the fastest kinds first; a name takes that one or throws. Print the choice's `sentence`.
 *
 * @throws RangeError if `threads` is not a whole number from 1 to 256, or `memory` not from 64 MB to 4 GB, in bytes
 * @throws BackendUnavailable with the reason, for a named backend that cannot be used here
 * @throws Error for a name it does not know
 */
export async function useBackend(
  name: BackendName | 'auto' = 'auto',
  options: UseBackendOptions = {}
): Promise<BackendChoice> {
  checkOptions<UseBackendOptions>('useBackend', options, {
    wasmPaths: 'string',
    threads: 'number',
    winograd: 'boolean',
    memory: 'number',
    acceptSoftware: 'boolean'
  })
  if (name !== 'auto' && !Object.hasOwn(starters, name)) {
    throw new Error(
      `useBackend: expected 'auto' or one of ${Object.keys(starters).join(', ')}, got ${JSON.stringify(name)}.`
    )
  }
  const { threads } = options
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= mostThreads)) {
    throw new RangeError(
      `useBackend: expected threads to be a whole number from 1 to ${mostThreads}, got ${threads}. ` +
        'Take as many as there are processors.'
    )
  }
  if (options.memory !== undefined) checkMemory(name, options.memory)
  // Otherwise the JavaScript backend advertises another package when the self-test first uses it.
  tf.env().set('PROD', true)
  const refused: { name: BackendName; reason: string }[] = []
  for (const candidate of name === 'auto' ? order : [name]) {
    try {
      const description = await starters[candidate](options)
      const difference = await selfTest()
      if (!(difference < 1e-3))
        throw new Error(`a small training step comes out wrong, by ${difference.toExponential(1)}`)
      const passed = refused.map(({ name, reason }) => `${name} (${reason})`).join('; ')
      const sentence = `Backend: ${candidate} – ${description}.${passed === '' ? '' : ` Not used: ${passed}.`}`
      return { name: candidate, description, refused, sentence }
    } catch (error) {
      refused.push({ name: candidate, reason: (error as Error).message.replace(/\.$/, '') })
    }
  }
  throw new BackendUnavailable(name, refused.at(-1)!.reason)
}
