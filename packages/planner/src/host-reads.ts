import * as tf from '@tensorflow/tfjs-core'

const readers = ['data', 'dataSync', 'array', 'arraySync', 'bytes'] as const

/** Runs `f` and says where in the program it read tensors, each place once. */
export function hostReads<T>(f: () => T): { readonly result: T; readonly reads: readonly string[] } {
  const prototype = tf.Tensor.prototype as unknown as Record<string, (...given: unknown[]) => unknown>
  const reads = new Set<string>()
  const before = readers.map(name => [name, prototype[name]!] as const)
  for (const [name, reader] of before) {
    prototype[name] = function (this: tf.Tensor, ...given: unknown[]) {
      reads.add(callerOf(new Error().stack ?? ''))
      return reader.apply(this, given)
    }
  }
  try {
    return { result: f(), reads: [...reads] }
  } finally {
    for (const [name, reader] of before) prototype[name] = reader
  }
}

/** The first line behind this file that is not TensorFlow.js's own. */
function callerOf(stack: string): string {
  const frames = stack
    .split('\n')
    .slice(2)
    .map(line => line.trim().replace(/^at /, ''))
  return frames.find(frame => !/tfjs|host-reads|<anonymous>$/.test(frame)) ?? frames[0] ?? 'an unknown place'
}
