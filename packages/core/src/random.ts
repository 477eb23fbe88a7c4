import * as tf from '@tensorflow/tfjs-core'
import { checkGiven } from './options.ts'
import type { Shape } from './shape.ts'

/**
 * A source of random numbers that is a value: asked twice, it answers the same. For other numbers, `split` it.
 *
 * Numbers come from a counter (Threefry-2x32, 20 rounds; Salmon et al. 2011, https://doi.org/10.1145/2063384.2063405)
 * and are computed with exactly rounded arithmetic only, so they are the same in Node, in workers and in every browser.
 */
export interface Random {
  /** What the numbers depend on: two unsigned 32-bit words. Save these to continue later with {@link randomFrom}. */
  readonly key: readonly [number, number]
  /** An independent source for a purpose; `split('init', 3)` is `split('init').split(3)`. */
  split(...purpose: readonly (string | number)[]): Random
  /** `count` unsigned 32-bit words. */
  bits(count: number): Uint32Array
  /** `count` numbers, uniform in [0, 1), with 24 bits each, hence exact in float32. */
  uniforms(count: number): Float32Array
  /** `count` numbers of the standard normal distribution. */
  normals(count: number): Float32Array
  /** The whole numbers below `count` in random order (Fisher–Yates). */
  permutation(count: number): Uint32Array
  /** A tensor, uniform in [low, high). */
  uniform(shape: Shape, low?: number, high?: number): tf.Tensor
  /** A normal tensor. */
  normal(shape: Shape, mean?: number, deviation?: number): tf.Tensor
}

/**
 * The source of a seed.
 *
 * @param seed a whole number from 0 to 2^53 - 1
 * @throws RangeError for any other number
 */
export function seeded(seed: number): Random {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`seeded: expected a whole number from 0 to 2^53 - 1, got ${seed}. Try 0.`)
  }
  return randomFrom([seed >>> 0, Math.floor(seed / 2 ** 32)])
}

/** The source with this key, as another source's `key` gave it. */
export function randomFrom(key: readonly [number, number]): Random {
  checkGiven('randomFrom', 'a key of two numbers, as in random.key', key, 'list')
  const [k0, k1] = key
  return {
    key: [k0, k1],
    split: (...purpose) => randomFrom(purpose.reduce(absorb, [k0, k1])),
    bits: count => bitsOf(k0, k1, count),
    uniforms: count => uniformsOf(k0, k1, count),
    normals: count => normalsOf(k0, k1, count),
    permutation(count) {
      const order = Uint32Array.from({ length: count }, (_, i) => i)
      const words = bitsOf(k0, k1, 2 * count)
      for (let i = count - 1; i > 0; i--) {
        // 53 bits make the bias of the remainder smaller than anyone can measure.
        const pick = Math.floor((((words[2 * i]! >>> 5) * 2 ** 26 + (words[2 * i + 1]! >>> 6)) / 2 ** 53) * (i + 1))
        const held = order[i]!
        order[i] = order[pick]!
        order[pick] = held
      }
      return order
    },
    uniform: (shape, low = 0, high = 1) => tensorOf(uniformsOf(k0, k1, sizeOf(shape)), shape, low, high - low),
    normal: (shape, mean = 0, deviation = 1) => tensorOf(normalsOf(k0, k1, sizeOf(shape)), shape, mean, deviation)
  }
}

function bitsOf(k0: number, k1: number, count: number): Uint32Array {
  const words = new Uint32Array(count + (count & 1))
  for (let i = 0; i < words.length; i += 2) [words[i], words[i + 1]] = threefry(k0, k1, i >>> 1, 0) as [number, number]
  return words.subarray(0, count)
}

const uniformsOf = (k0: number, k1: number, count: number): Float32Array =>
  converted(bitsOf(k0, k1, count), word => (word >>> 8) / 2 ** 24)

const normalsOf = (k0: number, k1: number, count: number): Float32Array =>
  converted(bitsOf(k0, k1, count), word => Math.SQRT2 * inverseErf((word + 0.5) / 2 ** 31 - 1))

/** A loop, for `Float32Array.from` takes three times as long. */
function converted(words: Uint32Array, numberOf: (word: number) => number): Float32Array {
  const numbers = new Float32Array(words.length)
  for (let i = 0; i < words.length; i++) numbers[i] = numberOf(words[i]!)
  return numbers
}

const tensorOf = (values: Float32Array, shape: Shape, offset: number, scale: number): tf.Tensor =>
  tf.tensor(
    values.map(value => offset + scale * value),
    [...shape],
    'float32'
  )

const sizeOf = (shape: Shape): number => shape.reduce((size, length) => size * length, 1)

/** A new key from a key and a label; strings and numbers never meet, for the counter's second word tells them apart. */
function absorb([k0, k1]: readonly [number, number], label: string | number): readonly [number, number] {
  if (typeof label === 'number') {
    const [m0, m1] = threefry(k0, k1, label >>> 0, 1)
    return threefry(m0, m1, Math.floor(label / 2 ** 32) >>> 0, 1)
  }
  let [m0, m1] = threefry(k0, k1, label.length, 2)
  for (let i = 0; i < label.length; i++) [m0, m1] = threefry(m0, m1, label.charCodeAt(i), 3)
  return [m0, m1]
}

const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const

/** Threefry-2x32 with 20 rounds: two words of counter under two words of key. Checked against the published vectors. */
export function threefry(k0: number, k1: number, c0: number, c1: number): readonly [number, number] {
  const keys = [k0, k1, k0 ^ k1 ^ 0x1bd11bda]
  let x0 = (c0 + k0) | 0
  let x1 = (c1 + k1) | 0
  for (let round = 0; round < 20; round++) {
    const by = rotations[round & 7]!
    x0 = (x0 + x1) | 0
    x1 = (x1 << by) | (x1 >>> (32 - by))
    x1 ^= x0
    if ((round & 3) === 3) {
      const injection = (round + 1) >> 2
      x0 = (x0 + keys[injection % 3]!) | 0
      x1 = (x1 + keys[(injection + 1) % 3]! + injection) | 0
    }
  }
  return [x0 >>> 0, x1 >>> 0]
}

/**
 * The inverse error function to about single precision (Giles 2010, "Approximating the erfinv function", table 5).
 * Engines may differ in the last bit of `Math.log`; {@link log} does not.
 */
function inverseErf(x: number): number {
  const w = -log((1 - x) * (1 + x))
  const [coefficients, t] =
    w < 5
      ? ([
          [
            2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
            0.246640727, 1.50140941
          ],
          w - 2.5
        ] as const)
      : ([
          [
            -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
            1.00167406, 2.83297682
          ],
          Math.sqrt(w) - 3
        ] as const)
  return coefficients.reduce((sum, c) => sum * t + c, 0) * x
}

/** The natural logarithm of a positive number from exactly rounded operations: scale into [√½, √2), then 2·artanh. */
function log(x: number): number {
  let exponent = 0
  while (x < Math.SQRT1_2) {
    x *= 2
    exponent--
  }
  while (x >= Math.SQRT2) {
    x /= 2
    exponent++
  }
  const s = (x - 1) / (x + 1)
  let sum = 0
  for (let n = 23; n >= 1; n -= 2) sum = sum * s * s + 1 / n
  return 2 * s * sum + exponent * Math.LN2
}
