import * as tf from '@tensorflow/tfjs-core'
import { observeKernels } from './tfjs-internals.ts'

/** Watches the memory of tensors from the moment it is made. */
export interface MemoryMeter {
  /** Bytes of all data made since and still alive. Tensors that share data count once. */
  live(): number
  /** The most that was ever alive at once. */
  peak(): number
  /** Ends the watch. */
  stop(): void
}

/**
 * Starts to watch. `tf.memory().numBytes` counts data once for every tensor that shares it, which a tape that keeps
 * references makes look twice as large as it is; this counts the data itself.
 */
export function meterMemory(): MemoryMeter {
  const holders = new Map<object, { count: number; readonly bytes: number }>()
  let live = 0
  let peak = 0
  const stop = observeKernels({
    made({ dataId, size, dtype }, isNewData) {
      const known = holders.get(dataId)
      if (known !== undefined) known.count++
      else if (isNewData) {
        const bytes = size * tf.util.bytesPerElement(dtype)
        holders.set(dataId, { count: 1, bytes })
        live += bytes
        peak = Math.max(peak, live)
      }
    },
    freed({ dataId }) {
      const known = holders.get(dataId)
      if (known !== undefined && --known.count === 0) {
        holders.delete(dataId)
        live -= known.bytes
      }
    }
  })
  return { live: () => live, peak: () => peak, stop }
}
