import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'

type Values = tf.backend_util.BackendValues

/** What a tensor would hold: values that a host gave, and else nothing, which reads as zeros. */
class Data {
  refCount = 1
  complexTensorInfos?: { real: tf.TensorInfo; imag: tf.TensorInfo }
  readonly dtype: tf.DataType
  readonly #size: number
  #values: Values | undefined

  constructor(shape: readonly number[], dtype: tf.DataType, values?: Values) {
    this.dtype = dtype
    this.#size = tf.util.sizeFromShape([...shape])
    this.#values = values
  }

  get values(): Values {
    return (this.#values ??=
      this.dtype === 'string'
        ? Array.from({ length: this.#size }, () => new Uint8Array())
        : tf.util.makeZerosTypedArray(this.#size, this.dtype as 'float32'))
  }
}

/**
 * Tensors that have a shape and no numbers. Kernels that only need shapes cost nothing here; the others are those of
 * plain JavaScript, on zeros.
 */
export class DryBackend extends MathBackendCPU {
  /** Multiply-adds of convolutions and matrix products that kernels would have done so far. */
  multiplyAdds = 0

  override write(values: Values, shape: number[], dtype: tf.DataType): object {
    return this.makeTensorInfo(shape, dtype, values).dataId
  }

  override move(dataId: object, values: Values, shape: number[], dtype: tf.DataType, refCount: number): void {
    const data = new Data(shape, dtype, values)
    data.refCount = refCount
    this.data.set(dataId, data as never)
  }

  override makeTensorInfo(shape: number[], dtype: tf.DataType, values?: Values | string[]): tf.TensorInfo {
    const dataId = {}
    const encoded =
      dtype === 'string' && typeof values?.[0] === 'string'
        ? (values as string[]).map(text => tf.util.encodeString(text))
        : values
    this.data.set(dataId, new Data(shape, dtype, encoded as Values) as never)
    return { dataId, shape, dtype }
  }
}
