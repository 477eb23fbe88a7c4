import * as tf from '@tensorflow/tfjs-core'

/**
 * Several operations as one kernel of float32, on a backend that has it; composed of ordinary ones on every other, and
 * of other types.
 *
 * Nothing is recorded for a kernel of one's own: use it where gradients are given by hand, in `withGradient`, or not
 * wanted.
 *
 * @param kernelName as the backend registered it
 * @param composed gives the same result from ordinary operations
 * @param attrs numbers that the kernel takes
 */
export function fusedOr<T extends tf.Tensor | tf.Tensor[]>(
  kernelName: string,
  inputs: Readonly<Record<string, tf.Tensor>>,
  composed: () => T,
  attrs: Readonly<Record<string, number | boolean>> = {}
): T {
  if (
    tf.getKernel(kernelName, tf.getBackend()) === undefined ||
    Object.values(inputs).some(({ dtype }) => dtype !== 'float32')
  )
    return composed()
  return tf.engine().runKernel(kernelName, inputs, attrs) as T
}
