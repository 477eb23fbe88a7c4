import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import type { Engine } from './engine.ts'

type Values = tf.backend_util.BackendValues
type Numbers = Float32Array | Int32Array | Uint8Array

/**
 * What a tensor holds: a block of the engine's memory, or values that a JavaScript kernel made and no other kernel has
 * wanted yet. Strings and complex numbers are never in the memory.
 */
class Data {
  refCount = 1
  complexTensorInfos?: { real: tf.TensorInfo; imag: tf.TensorInfo }
  readonly dtype: tf.DataType
  readonly #engine: Engine
  #values: Values | undefined
  #block: { readonly address: number; readonly length: number } | undefined

  constructor(engine: Engine, dtype: tf.DataType, values?: Values) {
    this.#engine = engine
    this.dtype = dtype
    // A view of the memory shows another tensor's block, which may be gone tomorrow.
    this.#values = values !== undefined && engine.holds(values) ? (values as Numbers).slice() : values
  }

  /** In the memory these are a view: to be read at once. */
  get values(): Values {
    if (this.#block === undefined) return this.#values!
    const { address, length } = this.#block
    if (this.dtype === 'bool') return this.#engine.bytes.subarray(address, address + length)
    const whole = this.dtype === 'float32' ? this.#engine.floats : this.#engine.ints
    return whole.subarray(address / 4, address / 4 + length)
  }

  /** Address of the values in the memory; they move there at the first call. */
  get address(): number {
    if (this.#block === undefined) {
      const values = this.#values as Numbers
      this.allocate(values.length)
      ;(this.values as Numbers).set(values)
      this.#values = undefined
    }
    return this.#block!.address
  }

  allocate(length: number): void {
    this.#block = { address: this.#engine.arena.allocate(length * (this.dtype === 'bool' ? 1 : 4)), length }
  }

  release(): void {
    if (this.#block !== undefined) this.#engine.arena.release(this.#block.address)
    this.#block = undefined
  }
}

/**
 * In what a tensor's memory differs from what TensorFlow.js keeps in JavaScript arrays; whatever it does on those, it
 * does here.
 */
export class WasmBackend extends MathBackendCPU {
  readonly engine: Engine

  constructor(engine: Engine) {
    super()
    this.engine = engine
  }

  /** Copies the values into the memory, for they are the caller's. */
  override write(values: Values, shape: number[], dtype: tf.DataType): object {
    const { dataId } = this.makeTensorInfo(shape, dtype, values)
    if (values !== undefined && values !== null && dtype !== 'string' && dtype !== 'complex64')
      void this.#dataOf(dataId).address
    return dataId
  }

  override move(dataId: object, values: Values, shape: number[], dtype: tf.DataType, refCount: number): void {
    const data = new Data(this.engine, dtype, values)
    data.refCount = refCount
    this.data.set(dataId, data as never)
  }

  override makeTensorInfo(shape: number[], dtype: tf.DataType, values?: Values | string[]): tf.TensorInfo {
    const dataId = {}
    const encoded =
      dtype === 'string' && typeof values?.[0] === 'string'
        ? (values as string[]).map(text => tf.util.encodeString(text))
        : values
    this.data.set(dataId, new Data(this.engine, dtype, encoded as Values) as never)
    return { dataId, shape, dtype }
  }

  /** A tensor with a block of its own, whose values a kernel is about to write. */
  allocate(shape: readonly number[], dtype: 'float32' | 'int32' | 'bool' = 'float32'): tf.TensorInfo {
    const info = this.makeTensorInfo([...shape], dtype)
    this.#dataOf(info.dataId).allocate(tf.util.sizeFromShape(info.shape))
    return info
  }

  addressOf(info: tf.TensorInfo): number {
    return this.#dataOf(info.dataId).address
  }

  /** Another tensor of the same data. */
  share({ dataId, dtype }: tf.TensorInfo, shape: readonly number[]): tf.TensorInfo {
    this.incRef(dataId)
    return { dataId, shape: [...shape], dtype }
  }

  override readSync(dataId: object): Values {
    const values = super.readSync(dataId)
    return this.engine.holds(values) ? (values as Numbers).slice() : values
  }

  override disposeData(dataId: object, force = false): boolean {
    const data = this.data.has(dataId) ? this.#dataOf(dataId) : undefined
    const gone = super.disposeData(dataId, force)
    if (gone) data?.release()
    return gone
  }

  /** Bytes of the memory that tensors take, now and at most. */
  override memory(): { unreliable: boolean; reasons: string[]; numBytesInMemory: number; peakBytesInMemory: number } {
    const { used, peak } = this.engine.arena
    return { unreliable: false, reasons: [], numBytesInMemory: used, peakBytesInMemory: peak }
  }

  override dispose(): void {
    void this.engine.stop()
  }

  #dataOf(dataId: object): Data {
    return this.data.get(dataId) as Data
  }
}
