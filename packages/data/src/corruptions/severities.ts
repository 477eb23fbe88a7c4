/** What can be done to images. */
export type CorruptionKind =
  | 'gaussianNoise'
  | 'shotNoise'
  | 'impulseNoise'
  | 'defocusBlur'
  | 'glassBlur'
  | 'motionBlur'
  | 'zoomBlur'
  | 'snow'
  | 'fog'
  | 'brightness'
  | 'contrast'
  | 'elastic'
  | 'pixelate'
  | 'jpeg'
  | 'speckleNoise'
  | 'gaussianBlur'
  | 'saturate'

/** Parameters of a corruption for each of five severities, as the function that draws it names them. */
type Severities = Readonly<Record<CorruptionKind, readonly (readonly number[])[]>>

/** A parameter alone. */
const each = (...values: readonly number[]): readonly (readonly number[])[] => values.map(value => [value])

/** What the authors say in parts of 244 pixels, in parts of their images of 224. */
const of244 = (...parts: readonly number[]): readonly number[] => parts.map(part => (part * 244) / 224)

/** The parameters of the paper's own programs: of CIFAR-10-C, for images of 32 pixels, and of ImageNet-C, for 224. */
export const strengths: { readonly cifar: Severities; readonly imagenet: Severities } = {
  cifar: {
    gaussianNoise: each(0.04, 0.06, 0.08, 0.09, 0.1),
    shotNoise: each(500, 250, 100, 75, 50),
    impulseNoise: each(0.01, 0.02, 0.03, 0.05, 0.07),
    speckleNoise: each(0.06, 0.1, 0.12, 0.16, 0.2),
    gaussianBlur: each(0.4, 0.6, 0.7, 0.8, 1),
    defocusBlur: [
      [0.3, 0.4],
      [0.4, 0.5],
      [0.5, 0.6],
      [1, 0.2],
      [1.5, 0.1]
    ],
    glassBlur: [
      [0.05, 1, 1],
      [0.25, 1, 1],
      [0.4, 1, 1],
      [0.25, 1, 2],
      [0.4, 1, 2]
    ],
    motionBlur: [
      [6, 1],
      [6, 1.5],
      [6, 2],
      [8, 2],
      [9, 2.5]
    ],
    zoomBlur: [
      [1.05, 0.01],
      [1.1, 0.01],
      [1.15, 0.01],
      [1.2, 0.01],
      [1.25, 0.01]
    ],
    snow: [
      [0.1, 0.2, 1, 0.6, 8, 3, 0.95],
      [0.1, 0.2, 1, 0.5, 10, 4, 0.9],
      [0.15, 0.3, 1.75, 0.55, 10, 4, 0.9],
      [0.25, 0.3, 2.25, 0.6, 12, 6, 0.85],
      [0.3, 0.3, 1.25, 0.65, 14, 12, 0.8]
    ],
    fog: [
      [0.2, 3],
      [0.5, 3],
      [0.75, 2.5],
      [1, 2],
      [1.5, 1.75]
    ],
    brightness: each(0.05, 0.1, 0.15, 0.2, 0.3),
    contrast: each(0.75, 0.5, 0.4, 0.3, 0.15),
    saturate: [
      [0.3, 0],
      [0.1, 0],
      [1.5, 0],
      [2, 0.1],
      [2.5, 0.2]
    ],
    elastic: [
      [0, 0, 0.08],
      [0.05, 0.2, 0.07],
      [0.08, 0.06, 0.06],
      [0.1, 0.04, 0.05],
      [0.1, 0.03, 0.03]
    ],
    pixelate: each(0.95, 0.9, 0.85, 0.75, 0.65),
    jpeg: each(80, 65, 58, 50, 40)
  },
  imagenet: {
    gaussianNoise: each(0.08, 0.12, 0.18, 0.26, 0.38),
    shotNoise: each(60, 25, 12, 5, 3),
    impulseNoise: each(0.03, 0.06, 0.09, 0.17, 0.27),
    speckleNoise: each(0.15, 0.2, 0.35, 0.45, 0.6),
    gaussianBlur: each(1, 2, 3, 4, 6),
    defocusBlur: [
      [3, 0.1],
      [4, 0.5],
      [6, 0.5],
      [8, 0.5],
      [10, 0.5]
    ],
    glassBlur: [
      [0.7, 1, 2],
      [0.9, 2, 1],
      [1, 2, 3],
      [1.1, 3, 2],
      [1.5, 4, 2]
    ],
    motionBlur: [
      [10, 3],
      [15, 5],
      [15, 8],
      [15, 12],
      [20, 15]
    ],
    zoomBlur: [
      [1.1, 0.01],
      [1.15, 0.01],
      [1.2, 0.02],
      [1.24, 0.02],
      [1.3, 0.03]
    ],
    snow: [
      [0.1, 0.3, 3, 0.5, 10, 4, 0.8],
      [0.2, 0.3, 2, 0.5, 12, 4, 0.7],
      [0.55, 0.3, 4, 0.9, 12, 8, 0.7],
      [0.55, 0.3, 4.5, 0.85, 12, 8, 0.65],
      [0.55, 0.3, 2.5, 0.85, 12, 12, 0.55]
    ],
    fog: [
      [1.5, 2],
      [2, 2],
      [2.5, 1.7],
      [2.5, 1.5],
      [3, 1.4]
    ],
    brightness: each(0.1, 0.2, 0.3, 0.4, 0.5),
    contrast: each(0.4, 0.3, 0.2, 0.1, 0.05),
    saturate: [
      [0.3, 0],
      [0.1, 0],
      [2, 0],
      [5, 0.1],
      [20, 0.2]
    ],
    elastic: [
      of244(2, 0.7, 0.1),
      of244(2, 0.08, 0.2),
      of244(0.05, 0.01, 0.02),
      of244(0.07, 0.01, 0.02),
      of244(0.12, 0.01, 0.02)
    ],
    pixelate: each(0.6, 0.5, 0.4, 0.3, 0.25),
    jpeg: each(25, 18, 15, 10, 7)
  }
}
