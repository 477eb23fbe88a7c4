import '@tensorflow/tfjs-backend-cpu'
import type { Random, Shape } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { DryBackend } from './dry-backend.ts'
import { registerDryKernels } from './dry-kernels.ts'

/** Where a dry run takes place. */
export interface DryRun {
  /** A tensor that has only a shape. */
  tensor<R extends tf.Rank>(shape: Shape, dtype?: tf.DataType): tf.Tensor<R>
  /** Randomness whose tensors have only a shape. */
  readonly random: Random
  /** Multiply-adds so far. */
  multiplyAdds(): number
}

/**
 * Runs `f` where tensors have shapes and no numbers: as fast for a large network as for a small one, and with the
 * memory of neither. The backend is as it was afterwards.
 *
 * @param fusing whether the kernels that only the wasm backend has are there too
 */
export function dryRun<T>(fusing: boolean, f: (run: DryRun) => T): Promise<T> {
  // There is one backend at a time: whoever asks while another runs waits.
  const run = last.then(() => runNow(fusing, f))
  last = run.catch(() => {})
  return run
}

let last: Promise<unknown> = Promise.resolve()

async function runNow<T>(fusing: boolean, f: (run: DryRun) => T): Promise<T> {
  const name = fusing ? 'lapstrake-dry-fused' : 'lapstrake-dry'
  if (tf.findBackendFactory(name) === null) {
    // Priority 0: never chosen by itself.
    tf.registerBackend(name, () => new DryBackend(), 0)
    registerDryKernels(name, fusing)
  }
  // Nothing, where none was chosen yet.
  const before = tf.getBackend() as string | undefined
  await tf.setBackend(name)
  const backend = tf.backend() as DryBackend
  const tensor = <R extends tf.Rank>(shape: Shape, dtype: tf.DataType = 'float32'): tf.Tensor<R> =>
    tf.engine().makeTensorFromTensorInfo(backend.makeTensorInfo([...shape], dtype)) as tf.Tensor<R>
  try {
    return f({ tensor, random: randomOf(tensor), multiplyAdds: () => backend.multiplyAdds })
  } finally {
    if (before) await tf.setBackend(before)
  }
}

function randomOf(tensor: (shape: Shape) => tf.Tensor): Random {
  const random: Random = {
    key: [0, 0],
    split: () => random,
    bits: count => new Uint32Array(count),
    uniforms: count => new Float32Array(count),
    normals: count => new Float32Array(count),
    permutation: count => Uint32Array.from({ length: count }, (_, i) => i),
    uniform: shape => tensor(shape),
    normal: shape => tensor(shape)
  }
  return random
}
