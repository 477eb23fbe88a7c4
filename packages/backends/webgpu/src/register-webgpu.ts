import { checkOptions } from '@lapstrake/core/options'
import * as tf from '@tensorflow/tfjs-core'
import { guardDevice } from './guard-device.ts'

export interface RegisterWebGPUOptions {
  /** Takes an adapter that is software (SwiftShader, llvmpipe): right but slow, for tests. */
  readonly acceptSoftware?: boolean | undefined
  /** The largest buffer in bytes, where less is wanted than the GPU can hold in one piece. Counts at the first call. */
  readonly maxBufferBytes?: number | undefined
}

/** What is asked of WebGPU here. Its own types clash between Node's package and the DOM library. */
interface Adapter {
  readonly info?:
    | {
        readonly vendor?: string | undefined
        readonly architecture?: string | undefined
        readonly device?: string | undefined
        readonly description?: string | undefined
      }
    | undefined
  readonly isFallbackAdapter?: boolean | undefined
}
interface Gpu {
  requestAdapter(options?: object): Promise<Adapter | null>
}

/**
 * Starts TensorFlow.js's WebGPU backend: in a browser on its own GPU, in Node through Dawn, which the `webgpu` package
 * brings.
 *
 * @returns the adapter's name
 * @throws RangeError if `maxBufferBytes` is not above 0
 * @throws Error if there is no adapter, or only one in software
 */
export async function registerWebGPU(options: RegisterWebGPUOptions = {}): Promise<string> {
  checkOptions<RegisterWebGPUOptions>('registerWebGPU', options, {
    acceptSoftware: 'boolean',
    maxBufferBytes: 'number'
  })
  const { acceptSoftware = false, maxBufferBytes } = options
  if (maxBufferBytes !== undefined && !(maxBufferBytes > 0))
    throw new RangeError(`registerWebGPU: expected a maxBufferBytes above 0, got ${maxBufferBytes}. Leave it out.`)
  const gpu = await findGpu(acceptSoftware)
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null)
  if (adapter === null || adapter === undefined) throw new Error('no GPU adapter answers')
  const { vendor = '', architecture = '', device = '', description = '' } = adapter.info ?? {}
  const name =
    [description || device || vendor, architecture].filter(part => part !== '').join(', ') || 'unnamed adapter'
  const software =
    adapter.isFallbackAdapter === true || /swiftshader|llvmpipe|software|basic render/i.test(`${name} ${vendor}`)
  if (software && !acceptSoftware) throw new Error(`the only GPU adapter is software (${name})`)
  // It registers itself only where it finds a GPU while it loads.
  await import('@tensorflow/tfjs-backend-webgpu')
  const started = await tf.setBackend('webgpu').catch(() => false)
  // TensorFlow.js may stay on another backend without a word.
  if (!started || tf.getBackend() !== 'webgpu') throw new Error(`the backend does not start on ${name}`)
  if (guarded !== tf.backend()) guardDevice(maxBufferBytes)
  guarded = tf.backend()
  return `GPU ${name}`
}

/** The backend that says already what goes wrong. */
let guarded: tf.KernelBackend | undefined

async function findGpu(acceptSoftware: boolean): Promise<Gpu> {
  const there = (globalThis.navigator as { gpu?: Gpu | undefined } | undefined)?.gpu
  return there ?? ((await (await import('#dawn')).startDawn(acceptSoftware)) as Gpu)
}
