import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, test } from 'vitest'
import '@lapstrake/core'
import { registerWasm } from '../index.ts'
import { agrees, positive, random, run, whole } from './both-backends.ts'

beforeAll(() => registerWasm({ threads: 2 }))

type Pad = 'same' | 'valid' | number
const roundingOf = (pad: Pad): 'floor' | undefined => (typeof pad === 'number' ? 'floor' : undefined)

const windows = (
  [
    [1, 1],
    [2, 2],
    [3, 1],
    [3, 2],
    [
      [2, 3],
      [1, 2]
    ],
    [[3, 1], 3],
    [7, 1]
  ] as [number | [number, number], number | [number, number]][]
).flatMap(([size, strides]) => (['same', 'valid', 1] as const).map(pad => ({ size, strides, pad })))

test.each(windows)('pooling, both ways: window $size, strides $strides, pad $pad', async ({ size, strides, pad }) => {
  for (const [h, w, channels] of [
    [7, 9, 1],
    [8, 7, 5],
    [7, 7, 35]
  ] as const) {
    if (pad === 1 && size === 1) continue
    await agrees(() => {
      const x = tf.round(tf.mul(random(2, h, w, channels), 3)) as tf.Tensor4D // with equals
      const most = (x: tf.Tensor): tf.Tensor => tf.maxPool(x as tf.Tensor4D, size, strides, pad, roundingOf(pad))
      const mean = (x: tf.Tensor): tf.Tensor => tf.avgPool(x as tf.Tensor4D, size, strides, pad, roundingOf(pad))
      const y = most(x)
      return [y, mean(x), tf.grad(most)(x, random(...y.shape)), tf.grad(mean)(x, random(...y.shape))]
    }, 1e-6)
  }
})

describe('depthwise convolutions', () => {
  const cases = [1, 2, 3].flatMap(strides =>
    (
      [
        [1, 1],
        [3, 3],
        [2, 5],
        [4, 1]
      ] as const
    ).flatMap(size => (['same', 'valid', 1] as const).map(pad => ({ strides, size, pad })))
  )
  test.each(cases)('both ways: kernel $size, strides $strides, pad $pad', async ({ strides, size, pad }) => {
    for (const [images, h, w, channels, outputs] of [
      [2, 7, 9, 1, 1],
      [3, 8, 7, 5, 1],
      [1, 7, 7, 37, 1],
      [2, 6, 7, 3, 2],
      [2, 6, 6, 17, 3]
    ] as const) {
      await agrees(() => {
        const [x, filter] = [random(images, h, w, channels), random(...size, channels, outputs)]
        const f = (x: tf.Tensor, filter: tf.Tensor): tf.Tensor =>
          tf.depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, strides, pad, 'NHWC', 1, roundingOf(pad))
        const y = f(x, filter)
        return [y, ...tf.grads(f)([x, filter], random(...y.shape))]
      })
    }
  })

  test.each([2, [1, 3], [3, 2]] as (number | [number, number])[])(
    'dilated by %s, they and their gradients are those of a filter with zeros between',
    async dilations => {
      await tf.setBackend('wasm')
      tf.tidy(() => {
        const [dilationY, dilationX] =
          [dilations].flat().length === 2
            ? (dilations as [number, number])
            : ([dilations, dilations] as [number, number])
        for (const [channels, outputs] of [
          [5, 1],
          [3, 2]
        ] as const) {
          const [x, filter] = [random(2, 9, 8, channels), random(3, 2, channels, outputs)]
          const spread = (filter: tf.Tensor): tf.Tensor => {
            const apart = tf.reshape(
              tf.pad(tf.reshape(filter, [3, 1, 2, 1, channels, outputs]), [
                [0, 0],
                [0, dilationY - 1],
                [0, 0],
                [0, dilationX - 1],
                [0, 0],
                [0, 0]
              ]),
              [3 * dilationY, 2 * dilationX, channels, outputs]
            )
            return tf.slice(apart, [0, 0, 0, 0], [2 * dilationY + 1, dilationX + 1, channels, outputs])
          }
          const f = (x: tf.Tensor, filter: tf.Tensor): tf.Tensor =>
            tf.depthwiseConv2d(x as tf.Tensor4D, spread(filter) as tf.Tensor4D, 1, 'same')
          const expected = f(x, filter)
          const dy = random(...expected.shape)
          const attrs = {
            strides: 1,
            pad: 'same',
            dilations,
            inputShape: x.shape,
            filterShape: filter.shape,
            dataFormat: 'NHWC'
          }
          const found = [
            run('DepthwiseConv2dNative', { x, filter }, attrs),
            run('DepthwiseConv2dNativeBackpropInput', { dy, filter }, attrs),
            run('DepthwiseConv2dNativeBackpropFilter', { x, dy }, attrs)
          ].flat()
          const wanted = [expected, ...tf.grads(f)([x, filter], dy)]
          wanted.forEach((tensor, i) => {
            expect(found[i]!.shape).toEqual(tensor.shape)
            expect(tf.max(tf.abs(tf.sub(tensor, found[i]!))).dataSync()[0]).toBeLessThan(1e-5)
          })
        }
      })
    }
  )

  test('with bias and any activation behind them', () =>
    agrees(() => {
      const [x, preluActivationWeights] = [random(2, 6, 7, 5) as tf.Tensor4D, random(5)]
      return (
        [
          [3, 1],
          [1, 1],
          [3, 2]
        ] as const
      ).flatMap(([size, outputs]) =>
        (['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const)
          .filter(one => one !== 'prelu' || outputs === 1)
          .map(activation =>
            tf.fused.depthwiseConv2d({
              x,
              filter: random(size, size, 5, outputs) as tf.Tensor4D,
              strides: 1,
              pad: 'same',
              bias: random(5 * outputs),
              activation,
              leakyreluAlpha: 0.3,
              ...(activation === 'prelu' && { preluActivationWeights })
            })
          )
      )
    }))
})

test.each(['elu', 'sigmoid', 'leakyrelu', 'prelu'] as const)('products with a bias and %s behind them', activation =>
  agrees(() => {
    const behind = {
      activation,
      leakyreluAlpha: 0.3,
      ...(activation === 'prelu' && { preluActivationWeights: random(6) })
    }
    return [
      tf.fused.conv2d({
        x: random(2, 5, 6, 4) as tf.Tensor4D,
        filter: random(3, 3, 4, 6) as tf.Tensor4D,
        strides: 2,
        pad: 'same',
        bias: random(6),
        ...behind
      }),
      tf.fused.conv2d({
        x: random(2, 5, 6, 4) as tf.Tensor4D,
        filter: random(1, 1, 4, 6) as tf.Tensor4D,
        strides: 1,
        pad: 'same',
        ...behind
      }),
      tf.fused.matMul({ a: random(5, 7), b: random(7, 6), bias: random(6), ...behind }),
      tf.fused.matMul({ a: random(5, 7), b: random(6, 7), transposeB: true, ...behind })
    ]
  })
)

describe('images of another size', () => {
  test.each([
    [5, 7, 10, 14],
    [6, 6, 3, 3],
    [4, 5, 9, 3],
    [1, 1, 4, 5],
    [3, 4, 1, 1],
    [7, 7, 7, 7]
  ])('from %i × %i to %i × %i', async (h, w, tall, wide) => {
    for (const channels of [1, 3, 4, 10]) {
      for (const [align, half] of [
        [false, false],
        [true, false],
        [false, true]
      ] as const) {
        await agrees(() => {
          const images = random(3, h, w, channels) as tf.Tensor4D
          return [
            tf.image.resizeBilinear(images, [tall, wide], align, half),
            tf.image.resizeNearestNeighbor(images, [tall, wide], align, half)
          ]
        }, 1e-6)
      }
      for (const alignCorners of [false, true]) {
        // Of more images than one, and of such as are not square, gradients of TensorFlow.js are wrong: places of the
        // first it takes from the wrong image, and height and width of the second it exchanges in the result's shape.
        const gradient = (name: string, images: number, h: number, w: number): tf.Tensor | tf.Tensor[] =>
          run(
            name,
            { images: random(images, h, w, channels), dy: random(images, tall, wide, channels) },
            { alignCorners }
          )
        // Of one pixel with corners aligned it never ends.
        if (h > 1 || !alignCorners) await agrees(() => gradient('ResizeNearestNeighborGrad', 1, h, w), 1e-6)
        await agrees(() => gradient('ResizeBilinearGrad', 2, h, h), 1e-6)
      }
    }
  })

  test.each(['resizeBilinear', 'resizeNearestNeighbor'] as const)(
    'the gradient of %s is its transposed',
    async name => {
      await tf.setBackend('wasm')
      tf.tidy(() => {
        const f = (x: tf.Tensor): tf.Tensor => tf.image[name](x as tf.Tensor4D, [5, 9])
        const [x, dy] = [random(2, 3, 4, 3), random(2, 5, 9, 3)]
        const dx = tf.grad(f)(x, dy)
        expect(dx.shape).toEqual([2, 3, 4, 3])
        // ⟨f(x), dy⟩ = ⟨x, f*(dy)⟩, as f is linear.
        expect(tf.sum(tf.mul(x, dx)).dataSync()[0]).toBeCloseTo(tf.sum(tf.mul(f(x), dy)).dataSync()[0]!, 3)
      })
    }
  )

  test('flipped', () => agrees(() => tf.image.flipLeftRight(random(2, 3, 5, 3) as tf.Tensor4D), 0))
})

describe('normalisation', () => {
  test('with moments that are known', async () => {
    for (const shape of [
      [3, 4, 5, 7],
      [2, 3, 3, 32],
      [5, 9]
    ]) {
      const channels = shape.at(-1)!
      await agrees(() => {
        const [x, mean, variance] = [
          tf.add(random(...shape), 30),
          tf.add(random(channels), 30) as tf.Tensor1D,
          positive(channels) as tf.Tensor1D
        ]
        const inputs = { x, mean, variance }
        return [
          {},
          { scale: random(channels) },
          { offset: random(channels) },
          { scale: random(channels), offset: random(channels) }
        ].flatMap(more => run('FusedBatchNorm', { ...inputs, ...more }, { varianceEpsilon: 1e-3 }))
      }, 1e-6)
    }
    await agrees(() =>
      run(
        'FusedBatchNorm',
        { x: random(2, 3), mean: random(2, 3), variance: positive(2, 3) },
        { varianceEpsilon: 1e-3 }
      )
    )
  })

  test('of local responses, both ways', async () => {
    for (const [radius, bias, alpha, beta] of [
      [5, 1, 1, 0.5],
      [1, 2, 0.1, 0.75],
      [0, 1, 1, 1]
    ] as const) {
      await agrees(() => {
        const x = random(2, 3, 4, 9) as tf.Tensor4D
        const f = (x: tf.Tensor): tf.Tensor =>
          tf.localResponseNormalization(x as tf.Tensor4D, radius, bias, alpha, beta)
        return [f(x), tf.grad(f)(x, random(2, 3, 4, 9))]
      })
    }
  })
})

describe('convolutions of volumes', () => {
  const cases = [
    [1, 3, 'same'],
    [1, 3, 'valid'],
    [2, 3, 'same'],
    [2, 2, 'valid'],
    [[2, 1, 1], [3, 1, 2], 'same'],
    [[1, 2, 3], [2, 3, 3], 'valid'],
    [3, 2, 'same']
  ] as [number | [number, number, number], number | [number, number, number], 'same' | 'valid'][]
  test.each(cases)('both ways: strides %s, kernel %s, pad %s', (strides, size, pad) =>
    agrees(() => {
      const [x, filter] = [
        random(2, 5, 6, 7, 3),
        random(...(typeof size === 'number' ? [size, size, size] : size), 3, 4)
      ]
      const f = (x: tf.Tensor, filter: tf.Tensor): tf.Tensor =>
        tf.conv3d(x as tf.Tensor5D, filter as tf.Tensor5D, strides, pad)
      const y = f(x, filter)
      // A kernel smaller than its stride is padded differently by TensorFlow.js 4.22.0 itself.
      return strides === 3 ? [y] : [y, ...tf.grads(f)([x, filter], random(...y.shape))]
    }, 1e-5)
  )
  test('dilated', () =>
    agrees(() =>
      tf.conv3d(
        random(1, 6, 7, 8, 2) as tf.Tensor5D,
        random(2, 3, 2, 2, 3) as tf.Tensor5D,
        1,
        'same',
        'NDHWC',
        [2, 1, 3]
      )
    ))
})

test('whole numbers pool, too', () => agrees(() => tf.maxPool(whole(99, 1, 4, 4, 2) as tf.Tensor4D, 2, 2, 'valid'), 0))
