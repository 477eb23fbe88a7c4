import { checkOptions, fusedOr, own } from '@lapstrake/core'
import { lifted, mixColors } from '@lapstrake/kernels'
import * as tf from '@tensorflow/tfjs-core'
import { checkImages, checkProbability, perExample, type Augment } from './compose.ts'
import { luma } from './gray-of.ts'

export interface ColorJitterOptions {
  /** Brightness is multiplied by a number within this of 1; likewise contrast and saturation. */
  readonly brightness?: number | undefined
  readonly contrast?: number | undefined
  readonly saturation?: number | undefined
  /** Hues are turned by up to this part of a full turn, either way. */
  readonly hue?: number | undefined
  /** Probability of any jitter at all. */
  readonly probability?: number | undefined
  /** Probability that the colours are taken away afterwards. */
  readonly grayscale?: number | undefined
}

/** A hundred times as bright: more is white or not a number. */
const strongest = 100

/**
 * Random brightness, contrast, saturation and hue, and now and then no colours at all (Chen et al. 2020, appendix A,
 * https://arxiv.org/abs/2002.05709).
 *
 * All of it is one 3 × 3 matrix and one offset for each image, applied in the order named: hue is a turn about the grey
 * axis in YIQ, which leaves brightness alone, where torchvision turns in HSV; values are cut to [0, 1] once at the end,
 * where torchvision cuts after each change and draws the order. Grey images of one channel get brightness and contrast.
 *
 * Values are from 0 to 1: what is above is cut to 1, so that of pixels from 0 to 255 white is left.
 *
 * @throws RangeError for a strength outside [0, 100], a hue above 0.5, or a probability outside [0, 1]; TypeError in
 * use for what are no images
 */
export function colorJitter(options: ColorJitterOptions): Augment {
  checkOptions('colorJitter', options, {
    brightness: 'number',
    contrast: 'number',
    saturation: 'number',
    hue: 'number',
    probability: 'number',
    grayscale: 'number'
  })
  const { brightness = 0, contrast = 0, saturation = 0, hue = 0, probability = 1, grayscale = 0 } = options
  for (const [name, value, most] of [
    ['brightness', brightness, strongest],
    ['contrast', contrast, strongest],
    ['saturation', saturation, strongest],
    ['hue', hue, 0.5]
  ] as const) {
    if (!(value >= 0 && value <= most))
      throw new RangeError(`colorJitter: expected a ${name} from 0 to ${most}, got ${value}.`)
  }
  checkProbability('colorJitter', probability)
  checkProbability('colorJitter', grayscale)

  return (images, random) => {
    checkImages('colorJitter', images)
    return own(() => {
      const [count, , , channels] = images.shape
      const draw = (what: string, strength: number): Float32Array =>
        perExample(random.split(what), count, Math.max(0, 1 - strength), 1 + strength)
      const [bright, steep, full] = [
        draw('brightness', brightness),
        draw('contrast', contrast),
        draw('saturation', saturation)
      ]
      const turn = perExample(random.split('hue'), count, -hue, hue)
      const [jitters, grays] = [random.split('apply').uniforms(count), random.split('grayscale').uniforms(count)]
      const gain = bright.map((b, i) => (jitters[i]! < probability ? b * steep[i]! : 1))
      const lift = bright.map((b, i) => (jitters[i]! < probability ? b * (1 - steep[i]!) : 0))
      if (channels !== 3) {
        const moved = tf.add(
          tf.mul(images, tf.tensor4d(gain, [count, 1, 1, 1])),
          lifted(images, tf.fill([channels], 1 / channels), tf.tensor1d(lift))
        )
        return tf.clipByValue(moved, 0, 1) as tf.Tensor4D
      }
      const matrices = new Float32Array(9 * count)
      for (let i = 0; i < count; i++) {
        const [amount, angle] = jitters[i]! < probability ? [full[i]!, 2 * Math.PI * turn[i]!] : [1, 0]
        colorMatrix(grays[i]! < grayscale ? 0 : amount, angle).forEach((value, k) => {
          matrices[9 * i + k] = gain[i]! * value
        })
      }
      return fusedOr(mixColors, {
        images,
        matrices: tf.tensor3d(matrices, [count, 3, 3]),
        luma: tf.tensor1d([...luma]),
        lifts: tf.tensor1d(lift)
      })
    })
  }
}

/** Rows are what each colour going in adds to red, green and blue coming out. */
type Matrix = readonly (readonly number[])[]

const multiplied = (a: Matrix, b: Matrix): Matrix =>
  a.map(row => [0, 1, 2].map(c => row.reduce((sum, value, k) => sum + value * b[k]![c]!, 0)))

const toYiq: Matrix = [
  [0.299, 0.5959, 0.2115],
  [0.587, -0.2746, -0.5227],
  [0.114, -0.3213, 0.3112]
]

/** To grey; what is then missing; and that turned by a quarter about the grey axis, which is an exchange of I and Q. */
const gray: Matrix = luma.map(value => [value, value, value])
const chroma: Matrix = gray.map((row, i) => row.map((value, c) => Number(i === c) - value))
const quarter: Matrix = multiplied(
  multiplied(toYiq, [
    [0, 0, 0],
    [0, 0, 1],
    [0, -1, 0]
  ]),
  inverse(toYiq)
)

/** Keeps so much of the colours, turned by an angle: neither changes how bright a pixel is. Row by row. */
function colorMatrix(amount: number, angle: number): number[] {
  const [cos, sin] = [amount * Math.cos(angle), amount * Math.sin(angle)]
  return gray.flatMap((row, i) => row.map((value, c) => value + cos * chroma[i]![c]! + sin * quarter[i]![c]!))
}

function inverse(m: Matrix): Matrix {
  const minor = (r: number, c: number): number => {
    const [a, b] = [0, 1, 2].filter(i => i !== r) as [number, number]
    const [d, e] = [0, 1, 2].filter(i => i !== c) as [number, number]
    return m[a]![d]! * m[b]![e]! - m[a]![e]! * m[b]![d]!
  }
  const determinant = [0, 1, 2].reduce((sum, c) => sum + (c === 1 ? -1 : 1) * m[0]![c]! * minor(0, c), 0)
  return [0, 1, 2].map(r => [0, 1, 2].map(c => (((r + c) % 2 === 0 ? 1 : -1) * minor(c, r)) / determinant))
}
