import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, test } from 'vitest'
import '@lapstrake/core'
import { registerWasm } from '../index.ts'
import { agrees, either, random, run, whole } from './both-backends.ts'

beforeAll(() => registerWasm({ threads: 2 }))

const special = [
  0,
  -0,
  1,
  -1,
  Infinity,
  -Infinity,
  NaN,
  0.5,
  -0.5,
  2,
  -2,
  3,
  7.5,
  -7.5,
  1e-9,
  -1e-9,
  1e-3,
  1e30,
  -1e30,
  29.9,
  30.1,
  88,
  -88,
  100,
  -100,
  1e6,
  12_345.678,
  4e9,
  -3e9,
  13.93,
  13.95,
  1e-7,
  -1e-7,
  0.99,
  -0.99
]

describe('one number for each', () => {
  const names = [
    'Elu',
    'Selu',
    'Softplus',
    'Erf',
    'Expm1',
    'Sign',
    'Sin',
    'Cos',
    'Tan',
    'Asin',
    'Acos',
    'Atan',
    'Sinh',
    'Cosh',
    'Asinh',
    'Acosh',
    'Atanh',
    'IsNan',
    'IsInf',
    'IsFinite'
  ]
  test.each(names)('%s, of any size, and of zeros, infinities and what is no number', async name => {
    for (const shape of [[], [0], [1], [7], [3, 5, 7], [301, 40]]) {
      for (const scale of [1e-4, 0.3, 3, 30])
        await agrees(() => run(name, { x: tf.mul(random(...shape), scale) }), 1e-6, 'each')
    }
    await agrees(() => run(name, { x: tf.tensor1d(special) }), 1e-6, 'each')
  })
})

describe('two numbers', () => {
  const shapes: [number[], number[]][] = [
    [[], []],
    [[1], [1]],
    [[7], [7]],
    [[0], [1]],
    [[37], []],
    [[], [37]],
    [[3, 5], [5]],
    [
      [3, 17],
      [3, 1]
    ],
    [[3, 1], [21]],
    [
      [4, 1, 6],
      [1, 5, 1]
    ],
    [
      [2, 3, 4, 5],
      [3, 1, 5]
    ],
    [[2, 0, 3], [3]],
    [
      [2, 1, 3, 1, 5],
      [1, 4, 1, 6, 1]
    ],
    [[101, 33], [33]],
    [
      [400, 301],
      [400, 301]
    ]
  ]
  test.each(['FloorDiv', 'Mod', 'Pow', 'Atan2', 'Prelu', 'EluGrad'])('%s of floats', async name => {
    const inputs = (a: tf.Tensor, b: tf.Tensor): object =>
      name === 'Prelu' ? { x: a, alpha: b } : name === 'EluGrad' ? { dy: a, y: b } : { a, b }
    for (const [a, b] of shapes) {
      if (name === 'EluGrad' && a.join() !== b.join()) continue
      await agrees(() => run(name, inputs(random(...a), random(...b))), 1e-6, 'each')
    }
    await agrees(
      () =>
        run(
          name,
          inputs(
            tf.tile(tf.tensor1d(special), [special.length]),
            tf.reshape(tf.tile(tf.expandDims(tf.tensor1d(special), 1), [1, special.length]), [-1])
          )
        ),
      1e-6,
      'each'
    )
  })

  test.each([
    'Add',
    'Sub',
    'Multiply',
    'Maximum',
    'Minimum',
    'SquaredDifference',
    'FloorDiv',
    'Mod',
    'Greater',
    'GreaterEqual',
    'Less',
    'LessEqual',
    'Equal',
    'NotEqual'
  ])('%s of whole numbers', async name => {
    for (const [a, b] of shapes)
      await agrees(
        () =>
          run(name, {
            a: tf.sub(whole(20, ...a), tf.scalar(10, 'int32')),
            b: tf.sub(whole(6, ...b), tf.scalar(3, 'int32'))
          }),
        0
      )
    const ends = tf.tensor1d([2147483647, -2147483648, 65_536, -65_536, -1, 0, 1], 'int32')
    await agrees(
      () => run(name, { a: tf.expandDims(tf.clone(ends), 1), b: tf.clone(ends) }),
      name === 'Multiply' || name === 'SquaredDifference' ? Infinity : 0
    )
    ends.dispose()
  })

  test.each(['LogicalAnd', 'LogicalOr', 'Equal', 'NotEqual'])('%s of booleans', async name => {
    for (const [a, b] of shapes)
      await agrees(
        () => [run(name, { a: either(...a), b: either(...b) }), run('LogicalNot', { x: either(...a) })].flat(),
        0
      )
    await agrees(
      () =>
        run(name, {
          a: tf.tensor1d(new Uint8Array([0, 1, 1, 0]), 'bool'),
          b: tf.tensor1d(new Uint8Array([1, 1, 0, 0]), 'bool')
        }),
      0
    )
  })

  test('products of whole numbers are exact modulo 2³², as those of TensorFlow', async () => {
    await tf.setBackend('wasm')
    const [a, b] = [
      [2147483647, -2147483648, 123_456_789],
      [2147483647, 3, 987_654_321]
    ] as const
    expect([...tf.tidy(() => tf.mul(tf.tensor1d([...a], 'int32'), tf.tensor1d([...b], 'int32'))).dataSync()]).toEqual(
      a.map((one, i) => Math.imul(one, b[i]!))
    )
  })
})

test('sums of several', async () => {
  for (const shape of [[], [0], [5], [33, 7]])
    await agrees(() => [
      tf.addN([random(...shape)]),
      tf.addN([random(...shape), random(...shape), random(...shape)]),
      tf.addN([whole(9, ...shape), whole(9, ...shape)])
    ])
})

test('from one type to another', async () => {
  for (const shape of [[], [0], [1], [7], [4, 5, 6], [400, 301]]) {
    await agrees(() => {
      const types = ['float32', 'int32', 'bool'] as const
      return [tf.mul(random(...shape), 3), tf.sub(whole(5, ...shape), tf.scalar(2, 'int32')), either(...shape)].flatMap(
        x => types.map(type => tf.cast(x, type))
      )
    }, 0)
  }
  await agrees(() => [tf.cast(tf.tensor1d(special), 'int32'), tf.cast(tf.tensor1d(special), 'bool')], 0)
})

test('choices of floats, whole numbers and booleans', async () => {
  for (const [condition, a, b] of [
    [[5], [5], [5]],
    [[0], [0], [0]],
    [[3, 4], [4], []],
    [[3, 1], [3, 7], [7]],
    [
      [2, 1, 3],
      [4, 1],
      [1, 4, 3]
    ],
    [
      [300, 401],
      [300, 401],
      [300, 401]
    ]
  ] as number[][][]) {
    await agrees(
      () => [
        tf.where(either(...condition!), random(...a!), random(...b!)),
        tf.where(either(...condition!), whole(9, ...a!), whole(9, ...b!)),
        tf.where(either(...condition!), either(...a!), either(...b!))
      ],
      0
    )
  }
  await agrees(() => [run('Select', { condition: tf.tensor1d([true, false]), t: random(2), e: random(2) })].flat())
})
