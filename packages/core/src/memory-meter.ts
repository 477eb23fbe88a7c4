import * as tf from '@tensorflow/tfjs-core'
import { checkTensors } from './check-embeddings.ts'
import { observeKernels } from './tfjs-internals.ts'

/** Watches the memory of tensors from the moment it is made. */
export interface MemoryMeter {
  /** Bytes of what was held and of all data made since and still alive. Tensors that share data count once. */
  live(): number
  /** The most that was ever alive at once. */
  peak(): number
  /** Ends the watch. */
  stop(): void
}

/**
 * Starts to watch. `tf.memory().numBytes` counts data once for every tensor that shares it, which a tape that keeps
 * references makes look twice as large as it is; this counts the data itself.
 *
 * @param held tensors that are there already and count too, such as those that a step begins with; no others do
 * @throws TypeError for what are no tensors
 */
export function meterMemory(held: readonly tf.Tensor[] = []): MemoryMeter {
  checkTensors('meterMemory', held)
  const holders = new Map<object, { count: number; readonly bytes: number }>()
  let live = 0
  let peak = 0
  const hold = ({ dataId, size, dtype }: tf.Tensor, isNewData: boolean): void => {
    const known = holders.get(dataId)
    if (known !== undefined) known.count++
    else if (isNewData) {
      const bytes = size * tf.util.bytesPerElement(dtype)
      holders.set(dataId, { count: 1, bytes })
      live += bytes
      peak = Math.max(peak, live)
    }
  }
  for (const tensor of held) hold(tensor, true)
  const stop = observeKernels({
    made: hold,
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
