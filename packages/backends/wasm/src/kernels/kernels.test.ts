import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, test } from 'vitest'
import '@lapstrake/core'
import { registerWasm } from '../index.ts'
import { agrees, positive, random, startAnew, whole } from './both-backends.ts'

beforeAll(() => registerWasm({ threads: 2 }))

const shapes = [
  [],
  [0],
  [1],
  [3],
  [4],
  [7],
  [64],
  [1000],
  [3, 5],
  [2, 0, 3],
  [4, 1, 6],
  [2, 3, 5, 7],
  [33, 17],
  [65, 64],
  [300, 401]
]

describe('one number for each', () => {
  const anywhere = [
    'relu',
    'relu6',
    'neg',
    'abs',
    'square',
    'exp',
    'sigmoid',
    'tanh',
    'step',
    'leakyRelu',
    'floor',
    'ceil',
    'round',
    'elu',
    'softplus',
    'sign',
    'expm1'
  ] as const
  const above = ['sqrt', 'rsqrt', 'reciprocal', 'log', 'log1p'] as const
  test.each([...anywhere, ...above])('%s', async name => {
    for (const shape of shapes) {
      await agrees(() => {
        const x = (above as readonly string[]).includes(name) ? positive(...shape) : tf.mul(random(...shape), 3)
        return (tf[name] as (x: tf.Tensor) => tf.Tensor)(x)
      })
    }
  })
  test('what IEEE says of zeros, infinities and what is no number', async () => {
    const special = [
      0,
      -0,
      1,
      -1,
      Infinity,
      -Infinity,
      NaN,
      1e-40,
      -1e-40,
      1e38,
      -1e38,
      88,
      89,
      -87,
      -104,
      1e-7,
      -1e-7,
      0.62,
      0.63,
      1e-38
    ]
    for (const name of [...anywhere.filter(name => name !== 'step'), ...above]) {
      await agrees(() => (tf[name] as (x: tf.Tensor) => tf.Tensor)(tf.tensor1d(special)), 1e-6).catch(
        (cause: unknown) => {
          throw new Error(name, { cause })
        }
      )
    }
  })
  test('small numbers keep their digits', async () => {
    for (const name of ['tanh', 'log1p', 'exp', 'sigmoid', 'log'] as const) {
      for (const scale of [1e-6, 1e-3, 1]) await agrees(() => tf[name](tf.mul(positive(100), scale)), 1e-6)
    }
  })
})

describe('two numbers', () => {
  const names = [
    'add',
    'sub',
    'mul',
    'div',
    'maximum',
    'minimum',
    'squaredDifference',
    'greater',
    'greaterEqual',
    'less',
    'lessEqual',
    'equal',
    'notEqual',
    'pow',
    'atan2'
  ] as const
  const pairs: [number[], number[]][] = [
    [[5], [5]],
    [[], []],
    [[1], [1, 1]],
    [[7], []],
    [[], [7]],
    [[3, 5], [5]],
    [
      [3, 5],
      [3, 1]
    ],
    [[3, 1], [5]],
    [
      [4, 1, 6],
      [1, 5, 1]
    ],
    [
      [2, 3, 4, 5],
      [3, 1, 5]
    ],
    [
      [2, 3, 4, 5],
      [2, 1, 1, 1]
    ],
    [[0], [1]],
    [
      [2, 0],
      [2, 1]
    ],
    [[100, 33], [33]],
    [
      [100, 33],
      [100, 1]
    ],
    [
      [100, 33],
      [1, 1]
    ],
    [
      [1, 33],
      [100, 33]
    ],
    [
      [2, 1, 3, 1, 5],
      [1, 4, 1, 6, 1]
    ],
    [
      [500, 300],
      [500, 300]
    ]
  ]
  test.each(names)('%s', async name => {
    const f = tf[name] as (a: tf.Tensor, b: tf.Tensor) => tf.Tensor
    for (const [a, b] of pairs) {
      await agrees(() =>
        f(tf.round(tf.mul(random(...a), 2)), tf.add(tf.round(random(...b)), name === 'div' || name === 'pow' ? 0.5 : 0))
      )
      await agrees(() => f(positive(...a), positive(...b)))
    }
  })
  test('integers and booleans stay exact', async () => {
    await agrees(() => {
      const [a, b] = [whole(50, 3, 4), whole(50, 4)]
      const [p, q] = [tf.greater(a, 20), tf.greater(b, 20)]
      return [
        tf.add(a, b),
        tf.mul(a, b),
        tf.floorDiv(a, tf.add(b, tf.scalar(1, 'int32'))),
        tf.less(a, b),
        tf.equal(a, b),
        tf.logicalAnd(p, q),
        tf.logicalNot(p),
        tf.maximum(a, b),
        tf.sum(p),
        tf.sum(a),
        tf.mod(a, tf.scalar(7, 'int32')),
        tf.all(p, 1),
        tf.any(q),
        tf.argMax(a, 1),
        tf.cumsum(a, 1)
      ]
    }, 0)
  })
})

describe('movement', () => {
  test.each<[string, () => tf.Tensor | tf.Tensor[]]>([
    [
      'slice',
      () => [
        tf.slice(random(5, 6, 7), [1, 2, 3], [2, 3, 4]),
        tf.slice(random(9), 3),
        tf.slice(whole(9, 4, 5), [0, 1], [4, 2]),
        tf.slice(random(4, 3), [1, 0], [0, 3])
      ]
    ],
    [
      'concat',
      () => [
        tf.concat([random(2, 3), random(4, 3)], 0),
        tf.concat([random(2, 3), random(2, 5), random(2, 0)], 1),
        tf.concat([whole(5, 3), whole(5, 2)]),
        tf.concat([random(3)])
      ]
    ],
    [
      'stack and unstack',
      () => [
        tf.stack([random(3, 4), random(3, 4)], 1),
        tf.stack([random(2), random(2)], -1),
        ...tf.unstack(random(3, 4, 5), 1),
        ...tf.unstack(whole(9, 2, 3))
      ]
    ],
    ['split', () => [...tf.split(random(6, 4), 3), ...tf.split(random(6, 5), [1, 4], 1)]],
    ['tile', () => [tf.tile(random(3), [4]), tf.tile(random(2, 3), [3, 2]), tf.tile(whole(5, 2, 1, 3), [1, 4, 2])]],
    [
      'transpose',
      () => [
        tf.transpose(random(5, 7)),
        tf.transpose(random(33, 66)),
        tf.transpose(random(3, 4, 5), [0, 2, 1]),
        tf.transpose(random(3, 4, 5), [2, 0, 1]),
        tf.transpose(random(3, 4, 5), [1, 0, 2]),
        tf.transpose(random(2, 3, 4, 5), [3, 1, 2, 0]),
        tf.transpose(random(2, 3, 4, 5), [0, 2, 1, 3]),
        tf.transpose(random(2, 3, 4, 5), [3, 2, 1, 0]),
        tf.transpose(whole(9, 3, 2)),
        tf.transpose(random(1, 5)),
        tf.transpose(random(0, 5)),
        tf.transpose(random(8, 1, 8), [2, 1, 0]),
        tf.transpose(random(4))
      ]
    ],
    [
      'pad',
      () => [
        tf.pad(random(3, 4), [
          [1, 2],
          [0, 3]
        ]),
        tf.pad(random(5), [[2, 0]], 7),
        tf.pad(whole(9, 2, 2), [
          [1, 1],
          [1, 1]
        ]),
        tf.mirrorPad(
          random(4, 4),
          [
            [1, 1],
            [2, 0]
          ],
          'reflect'
        )
      ]
    ],
    [
      'gather',
      () => [
        tf.gather(random(5, 3), tf.tensor1d([4, 0, 0], 'int32')),
        tf.gather(
          random(5),
          tf.tensor2d(
            [
              [1, 2],
              [3, 4]
            ],
            [2, 2],
            'int32'
          )
        ),
        tf.gather(random(3, 4), tf.tensor1d([1, 1], 'int32'), 1)
      ]
    ],
    [
      'where',
      () => {
        const c = tf.greater(random(3, 4), 0)
        return [tf.where(c, random(3, 4), random(3, 4)), tf.where(c, random(4), tf.scalar(2))]
      }
    ],
    [
      'fill, ones, zeros, like',
      () => [
        tf.fill([3, 5], 2.5),
        tf.fill([2], 7, 'int32'),
        tf.onesLike(random(3)),
        tf.zerosLike(whole(3, 4)),
        tf.zeros([0, 3]),
        tf.zeros([2], 'bool')
      ]
    ],
    [
      'cast',
      () => {
        const x = tf.mul(random(3, 4), 3)
        return [
          tf.cast(x, 'int32'),
          tf.cast(x, 'bool'),
          tf.cast(tf.greater(x, 0), 'float32'),
          tf.cast(tf.greater(x, 0), 'int32'),
          tf.cast(whole(9, 5), 'float32'),
          tf.cast(whole(3, 5), 'bool')
        ]
      }
    ],
    [
      'reverse, strided slices, one-hot, ranges, gathers of places',
      () => [
        tf.reverse(random(3, 4), 1),
        tf.stridedSlice(random(6, 6), [0, 1], [6, 6], [2, 3]),
        tf.oneHot(whole(5, 4), 5),
        tf.oneHot(whole(5, 4), 5, -1e9, 0),
        tf.range(0, 5, 1, 'int32'),
        tf.gatherND(
          random(3, 4),
          tf.tensor2d(
            [
              [0, 1],
              [2, 3]
            ],
            [2, 2],
            'int32'
          )
        ),
        tf.tensorScatterUpdate(random(4, 2), tf.tensor2d([[1], [3]], [2, 1], 'int32'), random(2, 2)),
        tf.eye(5),
        tf.unsortedSegmentSum(random(5, 2), tf.tensor1d([0, 1, 0, 2, 1], 'int32'), 3)
      ]
    ],
    [
      'complex numbers and strings',
      () => [tf.real(tf.fft(tf.complex(random(4), random(4)))), tf.imag(tf.complex(random(3), random(3)))]
    ]
  ])('%s', async (_, run) => agrees(run, 1e-6))

  test('places beyond the end are refused', () => {
    expect(() => tf.gather(random(3, 2), tf.tensor1d([0, 3], 'int32'))).toThrow('the index value 3 is not in [0, 2]')
  })
})

describe('many to one', () => {
  test.each(['sum', 'mean', 'max', 'min', 'prod'] as const)('%s', async name => {
    const f = tf[name] as (x: tf.Tensor, axis?: number[], keep?: boolean) => tf.Tensor
    for (const shape of [[1], [7], [3, 5], [4, 6, 7, 8], [2, 1, 5], [1200, 20], [20, 1200], [3, 1111, 17]]) {
      const rank = shape.length
      for (let mask = 1; mask < 2 ** rank; mask++) {
        const axes = [...shape.keys()].filter(axis => (mask >> axis) % 2 === 1)
        await agrees(
          () => {
            const x = tf.add(tf.mul(random(...shape), name === 'prod' ? 0.01 : 1), name === 'prod' ? 1 : 0)
            return [f(x, axes), f(x, axes, true)]
          },
          name === 'prod' ? 1e-4 : 1e-5
        )
      }
    }
    await agrees(() => f(random(3, 4)))
  })
  test('what is no number stays so', async () => {
    await agrees(() => [
      tf.sum(tf.tensor1d([1, NaN, 2])),
      tf.max(
        tf.tensor2d([
          [1, NaN],
          [2, 3]
        ]),
        1
      ),
      tf.min(tf.tensor1d([NaN, 1])),
      tf.softmax(
        tf.tensor2d([
          [0, NaN],
          [1, 2]
        ])
      )
    ])
  })
  test('softmax and its logarithm, of any size', async () => {
    for (const shape of [
      [1, 1],
      [3, 5],
      [7, 16],
      [2, 3, 33],
      [50, 1001]
    ]) {
      for (const scale of [1, 100])
        await agrees(() => {
          const x = tf.mul(random(...shape), scale)
          return [tf.softmax(x), tf.logSoftmax(x), tf.logSumExp(x, -1)]
        })
    }
  })
})

describe('products', () => {
  test.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true]
  ])('of matrices, transposed %s, %s', async (ta, tb) => {
    for (const [m, k, n] of [
      [1, 1, 1],
      [5, 7, 6],
      [33, 17, 13],
      [64, 64, 64],
      [3, 600, 9],
      [100, 1100, 40],
      [4, 3, 1],
      [2, 5, 8]
    ] as const) {
      await agrees(() => tf.matMul(random(...(ta ? [k, m] : [m, k])), random(...(tb ? [n, k] : [k, n])), ta, tb))
    }
    await agrees(() => [
      tf.matMul(random(...(ta ? [3, 4, 5] : [3, 5, 4])), random(...(tb ? [3, 6, 4] : [3, 4, 6])), ta, tb),
      tf.matMul(random(...(ta ? [3, 4, 5] : [3, 5, 4])), random(...(tb ? [1, 6, 4] : [1, 4, 6])), ta, tb),
      tf.matMul(random(...(ta ? [0, 5] : [5, 0])), random(...(tb ? [6, 0] : [0, 6])), ta, tb),
      tf.fused.matMul({
        a: random(...(ta ? [4, 5] : [5, 4])),
        b: random(...(tb ? [6, 4] : [4, 6])),
        transposeA: ta,
        transposeB: tb,
        bias: random(6),
        activation: 'relu'
      }),
      tf.fused.matMul({
        a: random(...(ta ? [4, 5] : [5, 4])),
        b: random(...(tb ? [6, 4] : [4, 6])),
        transposeA: ta,
        transposeB: tb,
        activation: 'elu'
      })
    ])
  })

  const cases = [1, 2, 3].flatMap(stride =>
    [1, 2, 3, 5].flatMap(size =>
      (['same', 'valid', 1, 2] as const).flatMap(pad =>
        [1, 2].flatMap(dilation => (stride > 1 && dilation > 1 ? [] : [{ stride, size, pad, dilation }]))
      )
    )
  )
  test.each(cases)(
    'convolution: stride $stride, kernel $size, pad $pad, dilation $dilation',
    async ({ stride, size, pad, dilation }) => {
      for (const [h, w, channels, filters] of [
        [9, 8, 3, 5],
        [12, 11, 8, 16],
        [9, 9, 1, 1],
        [10, 9, 6, 33]
      ] as const) {
        if ((size - 1) * dilation + 1 > Math.min(h, w)) continue
        await agrees(() => {
          const x = random(3, h, w, channels) as tf.Tensor4D
          const kernel = random(size, size, channels, filters) as tf.Tensor4D
          const f = (x: tf.Tensor, kernel: tf.Tensor): tf.Tensor =>
            tf.conv2d(
              x as tf.Tensor4D,
              kernel as tf.Tensor4D,
              stride,
              pad,
              'NHWC',
              dilation,
              typeof pad === 'number' ? 'floor' : undefined
            )
          const y = f(x, kernel)
          return dilation > 1 ? [y] : [y, ...tf.grads(f)([x, kernel], random(...y.shape))]
        }, 1e-4)
      }
    }
  )

  test.each([
    ['same', 16, 16],
    ['valid', 17, 35],
    [1, 32, 16],
    [2, 19, 24],
    ['same', 64, 64]
  ] as const)('convolution of 3 × 3 by squares: pad %s, %i channels, %i filters', async (pad, channels, filters) => {
    for (const [h, w] of [
      [4, 4],
      [7, 7],
      [9, 6],
      [5, 12]
    ] as const) {
      await agrees(() => {
        const [x, filter] = [random(3, h, w, channels) as tf.Tensor4D, random(3, 3, channels, filters) as tf.Tensor4D]
        const rounding = typeof pad === 'number' ? ('floor' as const) : undefined
        const f = (x: tf.Tensor, k: tf.Tensor): tf.Tensor =>
          tf.conv2d(x as tf.Tensor4D, k as tf.Tensor4D, 1, pad, 'NHWC', 1, rounding)
        const y = f(x, filter)
        const fused = tf.fused.conv2d({
          x,
          filter,
          strides: 1,
          pad,
          bias: random(filters),
          activation: 'relu',
          ...(rounding && { dimRoundingMode: rounding })
        })
        return [y, fused, ...tf.grads(f)([x, filter], random(...y.shape))]
      }, 1e-5)
    }
    await agrees(() => {
      // So many squares that they come in more than one go.
      const [x, filter] = [random(10, 33, 35, 16) as tf.Tensor4D, random(3, 3, 16, 16) as tf.Tensor4D]
      return tf.grads((x, k) => tf.conv2d(x as tf.Tensor4D, k as tf.Tensor4D, 1, 'same'))([x, filter])
    }, 2e-5)
  })

  test('convolutions with bias, activation, uneven kernels and strides, and transposed ones', async () => {
    await agrees(() => {
      const [x, filter] = [random(2, 9, 8, 4) as tf.Tensor4D, random(3, 5, 4, 6) as tf.Tensor4D]
      const f = (x: tf.Tensor, k: tf.Tensor): tf.Tensor =>
        tf.conv2d(
          x as tf.Tensor4D,
          k as tf.Tensor4D,
          [2, 1],
          [
            [0, 0],
            [1, 0],
            [2, 1],
            [0, 0]
          ]
        )
      return [
        ...(['linear', 'relu', 'relu6', 'sigmoid'] as const).map(activation =>
          tf.fused.conv2d({ x, filter, strides: 1, pad: 'same', bias: random(6), activation })
        ),
        ...tf.grads(f)([x, filter]),
        tf.conv2dTranspose(random(2, 5, 4, 6) as tf.Tensor4D, filter, [2, 10, 8, 4], 2, 'same')
      ]
    })
  })

  test('depthwise convolutions, of one pixel and of more', async () => {
    await agrees(() => {
      const x = random(2, 7, 6, 5) as tf.Tensor4D
      const one = random(1, 1, 5, 1) as tf.Tensor4D
      return [
        tf.depthwiseConv2d(x, one, 1, 'valid'),
        tf.depthwiseConv2d(x, one, 1, 1),
        tf.fused.depthwiseConv2d({ x, filter: one, strides: 1, pad: 'valid', bias: random(5), activation: 'relu' }),
        tf.depthwiseConv2d(x, random(3, 3, 5, 2) as tf.Tensor4D, 2, 'same'),
        tf.separableConv2d(x, random(3, 3, 5, 1) as tf.Tensor4D, random(1, 1, 5, 4) as tf.Tensor4D, 1, 'same')
      ]
    })
  })
})

test('pooling, both ways', async () => {
  for (const [size, stride, pad] of [
    [2, 2, 'valid'],
    [3, 2, 'same'],
    [3, 1, 1],
    [8, 1, 'valid'],
    [3, 2, 1]
  ] as const) {
    for (const channels of [5, 36])
      await agrees(() => {
        const x = random(2, 8, 8, channels) as tf.Tensor4D
        const rounding = typeof pad === 'number' ? ('floor' as const) : undefined
        const most = (x: tf.Tensor): tf.Tensor => tf.maxPool(x as tf.Tensor4D, size, stride, pad, rounding)
        const mean = (x: tf.Tensor): tf.Tensor => tf.avgPool(x as tf.Tensor4D, size, stride, pad, rounding)
        return [most(x), mean(x), tf.grad(most)(x), tf.grad(mean)(x)]
      })
  }
})

test.each([1, 3, 4, 5, 8, 11])('crops of %i channels', async channels => {
  for (const [tall, wide] of [
    [1, 1],
    [7, 5],
    [12, 32]
  ] as const) {
    await agrees(() => {
      const images = random(3, 9, 8, channels) as tf.Tensor4D
      const boxes = tf.tensor2d([
        [0, 0, 1, 1],
        [0.1, 0.9, 0.7, 0.2],
        [0.9, 1, 0.1, 0],
        [-0.2, 0.3, 0.5, 1.4],
        [0.5, 0.5, 0.5, 0.5]
      ])
      return [
        tf.image.cropAndResize(images, boxes, tf.tensor1d([0, 2, 1, 0, 2], 'int32'), [tall, wide], 'bilinear', 0.25),
        tf.image.cropAndResize(
          tf.slice(images, [0, 0, 0, 0], [3, 1, 1, channels]) as tf.Tensor4D,
          boxes,
          tf.tensor1d([0, 2, 1, 0, 2], 'int32'),
          [tall, wide]
        ),
        tf.image.cropAndResize(images, tf.zeros([0, 4]) as tf.Tensor2D, tf.zeros([0], 'int32') as tf.Tensor1D, [
          tall,
          wide
        ])
      ]
    })
  }
})

test('clipping, crops, blurs', async () => {
  await agrees(() => {
    const images = random(3, 9, 8, 5) as tf.Tensor4D
    const boxes = tf.tensor2d([
      [0, 0, 1, 1],
      [0.1, 0.2, 0.7, 0.9],
      [0.9, 1, 0.1, 0],
      [-0.2, 0.3, 0.5, 1.4]
    ])
    const owners = tf.tensor1d([0, 2, 1, 0], 'int32')
    return [
      tf.clipByValue(images, -0.5, 0.7),
      tf.clipByValue(tf.tensor1d([NaN, Infinity, -Infinity, 0]), -1, 1),
      tf.image.cropAndResize(images, boxes, owners, [6, 7], 'bilinear', 0.25),
      tf.image.cropAndResize(images, boxes, owners, [1, 1]),
      tf.image.cropAndResize(images, boxes, owners, [4, 4], 'nearest'),
      tf.depthwiseConv2d(images, random(1, 5, 5, 1) as tf.Tensor4D, 1, 'same'),
      tf.depthwiseConv2d(images, random(3, 3, 5, 1) as tf.Tensor4D, 2, 'valid'),
      tf.depthwiseConv2d(images, random(3, 3, 5, 1) as tf.Tensor4D, 1, 'same', 'NHWC', 2)
    ]
  })
})

test.each([32, 128])(
  'rounding: by squares a convolution of %i channels errs no more than as it is defined',
  async channels => {
    await tf.setBackend('wasm')
    startAnew()
    const [x, filter] = [random(2, 6, 6, channels) as tf.Tensor4D, random(3, 3, channels, 32) as tf.Tensor4D]
    const [inputs, weights] = [x.dataSync(), filter.dataSync()]
    /** Root mean square of the difference from sums of doubles, relative to theirs. */
    const error = (winograd: boolean): number => {
      const { engine } = tf.backend() as unknown as { engine: { winograd: boolean } }
      engine.winograd = winograd
      const found = tf.tidy(() => tf.conv2d(x, filter, 1, 'valid').dataSync())
      engine.winograd = true
      let [squares, total] = [0, 0]
      found.forEach((value, at) => {
        const [image, row, column, k] = [
          Math.floor(at / 512),
          Math.floor(at / 128) % 4,
          Math.floor(at / 32) % 4,
          at % 32
        ]
        let sum = 0
        for (let tap = 0; tap < 9; tap++) {
          const pixel = ((image * 6 + row + Math.floor(tap / 3)) * 6 + column + (tap % 3)) * channels
          for (let c = 0; c < channels; c++) sum += inputs[pixel + c]! * weights[(tap * channels + c) * 32 + k]!
        }
        squares += (value - sum) ** 2
        total += sum ** 2
      })
      return Math.sqrt(squares / total)
    }
    const [bySquares, direct] = [error(true), error(false)]
    expect(direct).toBeGreaterThan(0)
    expect(bySquares).not.toBe(direct)
    expect(bySquares).toBeLessThan(direct)
    expect(direct).toBeLessThan(1e-6)
    tf.dispose([x, filter])
  }
)
