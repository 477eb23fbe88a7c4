import { own } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { checkProbability, perExample, type Augment } from './compose.ts'

export interface ColorJitterOptions {
  /** Brightness is multiplied by a number within this of 1; likewise contrast and saturation. */
  readonly brightness?: number
  readonly contrast?: number
  readonly saturation?: number
  /** Hues are turned by up to this part of a full turn, either way. */
  readonly hue?: number
  /** Probability of any jitter at all. */
  readonly probability?: number
  /** Probability that the colours are taken away afterwards. */
  readonly grayscale?: number
}

/** How bright red, green and blue are (ITU-R BT.601). */
const luma = [0.299, 0.587, 0.114] as const

/**
 * Random brightness, contrast, saturation and hue, and now and then no colours at all (Chen et al. 2020, appendix A,
 * https://arxiv.org/abs/2002.05709).
 *
 * All of it is one 3 × 3 matrix and one offset for each image, applied in the order named: hue is a turn about the grey axis in
 * YIQ, which leaves brightness alone, where torchvision turns in HSV; values are cut to [0, 1] once at the end, where torchvision
 * cuts after each change and draws the order. Grey images of one channel get brightness and contrast.
 *
 * @throws RangeError for a negative strength, a hue above 0.5, or a probability outside [0, 1]
 */
export function colorJitter(
  { brightness = 0, contrast = 0, saturation = 0, hue = 0, probability = 1, grayscale = 0 }: ColorJitterOptions
): Augment {
  for (const [name, value, most] of [['brightness', brightness, Infinity], ['contrast', contrast, Infinity], ['saturation', saturation, Infinity], ['hue', hue, 0.5]] as const) {
    if (!(value >= 0 && value <= most)) throw new RangeError(`colorJitter: expected a ${name} from 0 to ${most}, got ${value}.`)
  }
  checkProbability('colorJitter', probability)
  checkProbability('colorJitter', grayscale)

  return (images, random) => own(() => {
    const [count, height, width, channels] = images.shape
    const draw = (what: string, strength: number): Float32Array => perExample(random.split(what), count, Math.max(0, 1 - strength), 1 + strength)
    const [bright, steep, full] = [draw('brightness', brightness), draw('contrast', contrast), draw('saturation', saturation)]
    const turn = perExample(random.split('hue'), count, -hue, hue)
    const [jitters, grays] = [random.split('apply').uniforms(count), random.split('grayscale').uniforms(count)]
    const gain = Float32Array.from(bright, (b, i) => (jitters[i]! < probability ? b * steep[i]! : 1))
    const lift = Float32Array.from(bright, (b, i) => (jitters[i]! < probability ? b * (1 - steep[i]!) : 0))

    const weights = channels === 3 ? tf.tensor2d([...luma], [3, 1]) : tf.fill<tf.Rank.R2>([channels, 1], 1 / channels)
    const means = tf.reshape(tf.avgPool(images, [height, width], 1, 'valid'), [count, channels])
    const offset = tf.mul(tf.reshape(tf.matMul(means as tf.Tensor2D, weights), [count, 1, 1, 1]), tf.tensor4d(lift, [count, 1, 1, 1]))
    if (channels !== 3) return clipped(tf.add(tf.mul(images, tf.tensor4d(gain, [count, 1, 1, 1])), offset))

    const matrices = Array.from({ length: count }, (_, i) => {
      const jittered = jitters[i]! < probability
        ? multiplied(saturationMatrix(full[i]!), hueMatrix(2 * Math.PI * turn[i]!))
        : identity
      const turned = grays[i]! < grayscale ? multiplied(jittered, saturationMatrix(0)) : jittered
      return turned.map(row => row.map(value => value * gain[i]!))
    })
    const flat = tf.reshape(images, [count, height * width, 3]) as tf.Tensor3D
    const mixed = tf.reshape(tf.matMul(flat, tf.tensor3d(matrices)), [count, height, width, 3])
    return clipped(tf.add(mixed, offset))
  })
}

const clipped = (images: tf.Tensor): tf.Tensor4D => tf.clipByValue(images, 0, 1) as tf.Tensor4D

/** Rows are what each colour going in adds to red, green and blue coming out. */
type Matrix = readonly (readonly number[])[]

const identity: Matrix = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]

const multiplied = (a: Matrix, b: Matrix): Matrix => a.map(row => [0, 1, 2].map(c => row.reduce((sum, value, k) => sum + value * b[k]![c]!, 0)))

/** Between grey, at 0, and the colours as they are, at 1. */
const saturationMatrix = (amount: number): Matrix => identity.map((row, i) => row.map(value => amount * value + (1 - amount) * luma[i]!))

const toYiq: Matrix = [[0.299, 0.5959, 0.2115], [0.587, -0.2746, -0.5227], [0.114, -0.3213, 0.3112]]
const fromYiq: Matrix = inverse(toYiq)

function hueMatrix(angle: number): Matrix {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  return multiplied(multiplied(toYiq, [[1, 0, 0], [0, cos, sin], [0, -sin, cos]]), fromYiq)
}

function inverse(m: Matrix): Matrix {
  const minor = (r: number, c: number): number => {
    const [a, b] = [0, 1, 2].filter(i => i !== r) as [number, number]
    const [d, e] = [0, 1, 2].filter(i => i !== c) as [number, number]
    return m[a]![d]! * m[b]![e]! - m[a]![e]! * m[b]![d]!
  }
  const determinant = [0, 1, 2].reduce((sum, c) => sum + (c === 1 ? -1 : 1) * m[0]![c]! * minor(0, c), 0)
  return [0, 1, 2].map(r => [0, 1, 2].map(c => ((r + c) % 2 === 0 ? 1 : -1) * minor(c, r) / determinant))
}
