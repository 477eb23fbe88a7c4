import * as tf from '@tensorflow/tfjs-core'

/** Watches the memory of tensors from the moment it is made. */
export interface MemoryMeter {
  /** Bytes of all data made since and still alive. Tensors that share data count once. */
  live(): number
  /** The most that was ever alive at once. */
  peak(): number
  /** Ends the watch. */
  stop(): void
}

interface Engine {
  state: { tensorInfo: WeakMap<object, unknown> }
  trackTensor(tensor: tf.Tensor, backend: unknown): void
  disposeTensor(tensor: tf.Tensor): void
}

/**
 * Starts to watch. `tf.memory().numBytes` counts data once for every tensor that shares it, which a tape that keeps
 * references makes look twice as large as it is; this counts the data itself.
 */
export function meterMemory(): MemoryMeter {
  const engine = tf.engine() as unknown as Engine
  const { trackTensor, disposeTensor } = engine
  const holders = new Map<object, { count: number; readonly bytes: number }>()
  let live = 0
  let peak = 0

  engine.trackTensor = (tensor, backend) => {
    const known = holders.get(tensor.dataId)
    if (known !== undefined) known.count++
    else if (!engine.state.tensorInfo.has(tensor.dataId)) {
      const bytes = tensor.size * tf.util.bytesPerElement(tensor.dtype)
      holders.set(tensor.dataId, { count: 1, bytes })
      live += bytes
      peak = Math.max(peak, live)
    }
    trackTensor.call(engine, tensor, backend)
  }
  engine.disposeTensor = tensor => {
    const known = holders.get(tensor.dataId)
    if (known !== undefined && --known.count === 0) {
      holders.delete(tensor.dataId)
      live -= known.bytes
    }
    disposeTensor.call(engine, tensor)
  }
  return {
    live: () => live,
    peak: () => peak,
    stop() {
      Object.assign(engine, { trackTensor, disposeTensor })
    }
  }
}
