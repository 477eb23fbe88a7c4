import * as tf from '@tensorflow/tfjs-core'

/** Reads scalars in one go and frees them. */
export async function numbersIn(
  scalars: Readonly<Record<string, tf.Scalar>> | readonly tf.Scalar[]
): Promise<Record<string, number>> {
  const entries = Object.entries(scalars)
  if (entries.length === 0) return {}
  const stacked = tf.stack(entries.map(([, scalar]) => scalar))
  const values = await stacked.data()
  stacked.dispose()
  entries.forEach(([, scalar]) => scalar.dispose())
  return Object.fromEntries(entries.map(([name], i) => [name, values[i]!]))
}
