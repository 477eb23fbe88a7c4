// The kernels that a training step spends its time in, on the shapes it has them.
import { fusedOr } from '@lapstrake/core'
import {
  batchNormGradient,
  blurImages,
  channelMoments,
  groupNorm,
  groupNormGradient,
  mixColors,
  reluGradient,
  reluOfSum
} from '@lapstrake/kernels'
import * as tf from '@tensorflow/tfjs-core'

export interface HotKernel {
  readonly kernel: string
  readonly shape: string
  readonly unit: 'GFLOP/s' | 'GB/s'
  /** Operations of one run; or its bytes, those of each input and each result once. */
  readonly work: number
  /** Kernels that not every backend registers. */
  readonly needs: readonly string[]
  /** Makes the inputs on the current backend. What it returns runs the kernel once. */
  readonly prepare: () => () => unknown
}

const million = 1e6

const normal = <T extends tf.Tensor>(shape: number[], seed = 1): T => tf.randomNormal(shape, 0, 1, 'float32', seed) as T

/** Runs a kernel by name, as gradients do. */
const run = (name: string, inputs: Readonly<Record<string, tf.Tensor>>, attrs: object = {}): tf.Tensor | tf.Tensor[] =>
  tf.engine().runKernel(name, inputs, attrs as tf.NamedAttrMap)

const multiplying = (
  kernel: string,
  shape: string,
  multiplications: number,
  prepare: HotKernel['prepare'],
  needs: readonly string[] = []
): HotKernel => ({ kernel, shape, unit: 'GFLOP/s', work: 2 * multiplications, needs, prepare })

const moving = (
  kernel: string,
  shape: string,
  numbers: number,
  prepare: HotKernel['prepare'],
  needs: readonly string[] = []
): HotKernel => ({ kernel, shape, unit: 'GB/s', work: 4 * numbers, needs, prepare })

function products(): HotKernel[] {
  const square = (kernel: string, transposeA: boolean, transposeB: boolean): HotKernel =>
    multiplying(kernel, '1024³', 1024 ** 3, () => {
      const [a, b] = [normal([1024, 1024], 1), normal([1024, 1024], 2)]
      return () => tf.matMul(a, b, transposeA, transposeB)
    })
  return [
    square('matMul', false, false),
    square('matMul left transposed', true, false),
    square('matMul right transposed', false, true),
    multiplying('matMul batched', '64 × 128³', 64 * 128 ** 3, () => {
      const [a, b] = [normal([64, 128, 128], 1), normal([64, 128, 128], 2)]
      return () => tf.matMul(a, b)
    })
  ]
}

interface ConvolutionShape {
  readonly batch: number
  readonly length: number
  readonly channels: number
  readonly filters: number
  readonly size: number
}

function convolutions({ batch, length, channels, filters, size }: ConvolutionShape): HotKernel[] {
  const name = `conv${size}x${size}`
  const shape = `${batch}×${length}×${length}×${channels} → ${filters}`
  const multiplications = batch * length ** 2 * channels * filters * size ** 2
  const [inputShape, filterShape] = [
    [batch, length, length, channels],
    [size, size, channels, filters]
  ]
  const attrs = { strides: 1, pad: 'same', dataFormat: 'NHWC', dimRoundingMode: undefined }
  const input = (): tf.Tensor4D => normal(inputShape, 1)
  const filter = (): tf.Tensor4D => normal(filterShape, 2)
  const arriving = (): tf.Tensor4D => normal([batch, length, length, filters], 3)
  return [
    multiplying(name, shape, multiplications, () => {
      const [x, kernel] = [input(), filter()]
      return () => tf.conv2d(x, kernel, 1, 'same')
    }),
    multiplying(
      `${name} input gradient`,
      shape,
      multiplications,
      () => {
        const [dy, kernel] = [arriving(), filter()]
        return () => run('Conv2DBackpropInput', { dy, filter: kernel }, { ...attrs, inputShape })
      },
      ['Conv2DBackpropInput']
    ),
    multiplying(
      `${name} weight gradient`,
      shape,
      multiplications,
      () => {
        const [x, dy] = [input(), arriving()]
        return () => run('Conv2DBackpropFilter', { x, dy }, { ...attrs, filterShape })
      },
      ['Conv2DBackpropFilter']
    )
  ]
}

function elementwise(): HotKernel[] {
  const size = 4 * million
  const shape = '4 million'
  const unary = (kernel: string, op: (x: tf.Tensor) => tf.Tensor): HotKernel =>
    moving(kernel, shape, 2 * size, () => {
      const x = normal([size])
      return () => op(x)
    })
  const binary = (
    kernel: string,
    op: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor | tf.Tensor[],
    needs: readonly string[] = []
  ): HotKernel =>
    moving(
      kernel,
      shape,
      3 * size,
      () => {
        const [a, b] = [normal([size], 1), normal([size], 2)]
        return () => op(a, b)
      },
      needs
    )
  return [
    binary('add', tf.add),
    binary('multiply', tf.mul),
    unary('relu', tf.relu),
    unary('exp', tf.exp),
    binary('relu of a sum', (a, b) => fusedOr(reluOfSum, { a, b }), [reluOfSum.name]),
    binary('relu gradient', (dy, y) => fusedOr(reluGradient, { dy, y }), [reluGradient.name]),
    moving('multiply by a row', '65536×64', 2 * 65_536 * 64, () => {
      const [x, row] = [normal([65_536, 64], 1), normal([64], 2)]
      return () => tf.mul(x, row)
    })
  ]
}

function normalisation(): HotKernel[] {
  const [inputShape, shape, size] = [[32, 32, 32, 64], '32×32×32×64', 32 ** 3 * 64]
  return [
    // The moments and the result each read the map; what the gradient sums is read twice.
    moving(
      'batch normalisation',
      shape,
      3 * size,
      () => {
        const [x, scale, offset] = [normal<tf.Tensor4D>(inputShape, 1), normal([64], 2), normal([64], 3)]
        return () => {
          const [mean, variance] = fusedOr(channelMoments, { x })
          const factor = tf.mul(scale, tf.rsqrt(tf.add(variance, 1e-5)))
          const filter = tf.reshape(factor, [1, 1, 64, 1]) as tf.Tensor4D
          return tf.fused.depthwiseConv2d({
            x,
            filter,
            strides: 1,
            pad: 'valid',
            bias: tf.sub(offset, tf.mul(mean, factor)),
            activation: 'relu'
          })
        }
      },
      [channelMoments.name]
    ),
    moving(
      'batch normalisation gradient',
      shape,
      5 * size,
      () => {
        const [g, x] = [normal<tf.Tensor4D>(inputShape, 1), normal<tf.Tensor4D>(inputShape, 2)]
        const [scale, mean, inverse] = [normal([64], 3), normal([64], 4), tf.ones([64])]
        return () => fusedOr(batchNormGradient, { g, x, scale, mean, inverse })
      },
      [batchNormGradient.name]
    ),
    // An image at a time, which the cache holds: each map is read once.
    moving(
      'group normalisation',
      shape,
      2 * size,
      () => {
        const [x, scale, offset] = [normal<tf.Tensor4D>(inputShape, 1), normal([64], 2), normal([64], 3)]
        return () => fusedOr(groupNorm, { x, scale, offset }, { groups: 32, epsilon: 1e-5, relu: true })
      },
      [groupNorm.name]
    ),
    moving(
      'group normalisation gradient',
      shape,
      3 * size,
      () => {
        const [g, x] = [normal<tf.Tensor4D>(inputShape, 1), normal<tf.Tensor4D>(inputShape, 2)]
        const scale = normal([64], 3)
        const [mean, inverse] = [normal([32, 1, 1, 64], 4), tf.ones([32, 1, 1, 64])]
        return () => fusedOr(groupNormGradient, { g, x, scale, mean, inverse }, { groups: 32 })
      },
      [groupNormGradient.name]
    )
  ]
}

function reductionsAndMovement(): HotKernel[] {
  const size = 2048 ** 2
  const ofSquare = (kernel: string, numbers: number, op: (x: tf.Tensor) => tf.Tensor): HotKernel =>
    moving(kernel, '2048×2048', numbers, () => {
      const x = normal([2048, 2048])
      return () => op(x)
    })
  return [
    moving('softmax', '1024×1024', 2 * 1024 ** 2, () => {
      const x = normal([1024, 1024])
      return () => tf.softmax(x)
    }),
    ofSquare('sum', size, x => tf.sum(x)),
    ofSquare('sum of rows', size, x => tf.sum(x, 1)),
    ofSquare('sum of columns', size, x => tf.sum(x, 0)),
    ofSquare('transpose', 2 * size, x => tf.transpose(x)),
    moving('gather', '65536 of 16384 rows of 128', 2 * 65_536 * 128 + 65_536, () => {
      const x = normal([16_384, 128])
      const indices = tf.cast(tf.randomUniform([65_536], 0, 16_384, 'float32', 2), 'int32')
      return () => tf.gather(x, indices)
    }),
    moving('max pool', '32×32×32×64, 3×3 with stride 2', 32 ** 3 * 64 * 1.25, () => {
      const x = normal<tf.Tensor4D>([32, 32, 32, 64])
      return () => tf.maxPool(x, 3, 2, 'same')
    })
  ]
}

function augmentation(): HotKernel[] {
  const [imageShape, size] = [[256, 32, 32, 3], 256 * 32 * 32 * 3]
  const images = (): tf.Tensor4D => tf.sigmoid(normal(imageShape))
  return [
    moving('crop and resize', '256×32×32×3', 2 * size, () => {
      const [images, boxes] = [normal<tf.Tensor4D>(imageShape), tf.tile(tf.tensor2d([[0.1, 0.9, 0.7, 0.2]]), [256, 1])]
      const places = tf.range(0, 256, 1, 'int32')
      return () => tf.image.cropAndResize(images, boxes, places, [32, 32])
    }),
    moving(
      'mixed colours',
      '256×32×32×3',
      2 * size,
      () => {
        const inputs = {
          images: images(),
          matrices: normal<tf.Tensor3D>([256, 3, 3], 2),
          lifts: normal([256], 3),
          luma: tf.tensor1d([0.299, 0.587, 0.114])
        }
        return () => fusedOr(mixColors, inputs)
      },
      [mixColors.name]
    ),
    moving(
      'blur',
      '256×32×32×3',
      2 * size,
      () => {
        const inputs = { images: images(), weights: tf.tile(tf.tensor2d([[0.3, 1, 0.3]]), [256, 1]) }
        return () => fusedOr(blurImages, inputs)
      },
      [blurImages.name]
    )
  ]
}

export const hotKernels: readonly HotKernel[] = [
  ...products(),
  ...convolutions({ batch: 32, length: 32, channels: 64, filters: 64, size: 3 }),
  ...convolutions({ batch: 64, length: 28, channels: 32, filters: 32, size: 3 }),
  ...convolutions({ batch: 32, length: 32, channels: 64, filters: 128, size: 1 }),
  ...elementwise(),
  ...normalisation(),
  ...augmentation(),
  ...reductionsAndMovement()
]

/** A kernel that has its inputs. */
export interface Prepared {
  /** Milliseconds of its fastest run within a moment: whatever else the machine does makes it only slower. */
  fastest(): number
  dispose(): void
}

/** How long it is tried at a time, in milliseconds. */
const moment = 40

/**
 * A kernel ready to run on the current backend, which has to be synchronous; or nothing where the backend has no such
 * kernel.
 */
export function prepared({ needs, prepare }: HotKernel): Prepared | undefined {
  if (needs.some(name => tf.getKernel(name, tf.getBackend()) === undefined)) return undefined
  tf.engine().startScope()
  const once = prepare()
  return {
    fastest() {
      let best = Infinity
      for (const began = performance.now(); performance.now() < began + moment; ) {
        const start = performance.now()
        tf.tidy(() => {
          once()
        })
        best = Math.min(best, performance.now() - start)
      }
      return best
    },
    dispose: () => tf.engine().endScope()
  }
}
