import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, test } from 'vitest'
import '@lapstrake/core'
import { registerWasm } from '../index.ts'
import { agrees, either, random, run, whole } from './both-backends.ts'

beforeAll(() => registerWasm({ threads: 2 }))

const makers = { float32: random, int32: (...shape: number[]) => whole(100, ...shape), bool: either }

describe.each(Object.keys(makers) as (keyof typeof makers)[])('of %s', type => {
  const make = makers[type]
  test('parts, joined and taken apart', () =>
    agrees(
      () => [
        tf.slice(make(5, 6, 7), [1, 2, 3], [2, 3, 4]),
        tf.slice(make(4, 3), [1, 0], [0, 3]),
        tf.concat([make(2, 3), make(2, 5), make(2, 0)], 1),
        tf.concat([make(3), make(4)]),
        tf.stack([make(3, 4), make(3, 4)], 1),
        ...tf.unstack(make(3, 4, 5), 1),
        ...tf.split(make(6, 5), [1, 4], 1),
        tf.tile(make(3), [4]),
        tf.tile(make(2, 1, 3), [1, 4, 2]),
        tf.tile(make(2, 3), [0, 2]),
        tf.transpose(make(33, 65)),
        tf.transpose(make(3, 4, 5), [2, 0, 1]),
        tf.transpose(make(2, 3, 4, 5), [0, 2, 1, 3]),
        tf.transpose(make(0, 5)),
        tf.pad(make(3, 4), [
          [1, 2],
          [0, 3]
        ]),
        tf.zerosLike(make(3, 17)),
        tf.onesLike(make(3, 5)),
        tf.fill([3, 7], 1, type),
        tf.fill([0], 1, type)
      ],
      0
    ))

  test('slices with strides, forwards and backwards', () =>
    agrees(
      () => [
        tf.stridedSlice(make(7, 6), [0, 1], [7, 6], [2, 3]),
        tf.stridedSlice(make(7, 6), [6, 5], [0, 0], [-2, -1]),
        tf.stridedSlice(make(7), [1], [1], [1]),
        tf.stridedSlice(make(5, 4, 3), [1, 0], [4, 4], [2, 1]),
        tf.stridedSlice(make(5, 4), [0, 0], [5, 4], [1, 1]),
        tf.stridedSlice(make(5, 4), [2, 0], [4, 4], [1, 1]),
        tf.stridedSlice(make(4, 5, 6), [0, 1], [0, 5], [1, 2], 0, 0, 1),
        tf.stridedSlice(make(4, 5), [0, 0, 1], [0, 4, 4], [1, 1, 2], 0, 0, 0, 1)
      ],
      0
    ))

  // TensorFlow.js takes the wrong strides there.
  test('a slice without an axis is the one with it', () =>
    tf.tidy(() => {
      const x = make(5, 4, 3)
      const [wanted, found] = [0, 2].map(without =>
        tf.stridedSlice(x, [0, 1, 0], [5, 2, 3], [2, 1, 2], 0, 0, 0, 0, without)
      ) as [tf.Tensor, tf.Tensor]
      expect(found.shape).toEqual([3, 2])
      expect(found.dataSync()).toEqual(wanted.dataSync())
    }))

  test('axes reversed', () =>
    agrees(
      () => [
        ...[[], [0], [1], [2], [0, 2], [0, 1, 2]].map(axes => tf.reverse(make(3, 4, 5), axes)),
        tf.reverse(make(7)),
        tf.reverse(make(3, 0), [0]),
        tf.reverse(make(2, 3, 4, 5), [-1, 1])
      ],
      0
    ))

  test.each(['reflect', 'symmetric'] as const)('margins, %s', mode =>
    agrees(
      () => [
        tf.mirrorPad(
          make(4, 5),
          [
            [1, 2],
            [3, 0]
          ],
          mode
        ),
        tf.mirrorPad(make(6), [[3, 4]], mode),
        tf.mirrorPad(
          make(2, 5, 4, 3),
          [
            [0, 0],
            [2, 3],
            [3, 1],
            [0, 0]
          ],
          mode
        ),
        tf.mirrorPad(
          make(3, 4),
          [
            [0, 0],
            [0, 0]
          ],
          mode
        )
      ],
      0
    )
  )

  test('rows gathered along any axis', () =>
    agrees(
      () => [
        ...[0, 1, 2].map(axis => tf.gather(make(5, 6, 7), whole(5, 4), axis)),
        tf.gather(make(5, 3), whole(5, 2, 3)),
        tf.gather(make(4, 5), whole(4), 1),
        tf.gather(make(3, 0), whole(3, 2)),
        tf.gather(make(3, 5, 2), whole(5, 3, 4), 1, 1),
        tf.gather(make(3, 2, 5, 2), whole(5, 3, 4), 2, 1),
        tf.gather(make(3, 5), whole(5, 3, 2), 1, 1),
        tf.gather(make(4, 3), tf.tensor1d([], 'int32')),
        tf.gatherND(make(5, 6, 7), whole(5, 4, 2)),
        tf.gatherND(make(5, 6, 7), whole(5, 2, 4, 3)),
        tf.gatherND(make(5, 6), whole(5, 3, 1)),
        tf.gatherND(make(5), whole(5, 1))
      ],
      0
    ))

  test('blocks of pixels to the batch or to channels, and back', () =>
    agrees(
      () => [
        tf.spaceToBatchND(
          make(2, 4, 6, 3),
          [2, 3],
          [
            [0, 0],
            [0, 0]
          ]
        ),
        tf.spaceToBatchND(
          make(2, 3, 5, 1),
          [2, 2],
          [
            [1, 0],
            [0, 1]
          ]
        ),
        tf.batchToSpaceND(
          make(8, 2, 3, 3),
          [2, 2],
          [
            [0, 1],
            [1, 0]
          ]
        ),
        tf.batchToSpaceND(make(6, 4, 5), [3], [[1, 2]]),
        ...(
          [
            [make(2, 3, 4, 8), 2],
            [make(1, 2, 2, 27), 3]
          ] as const
        ).flatMap(([x, blockSize]) => run('DepthToSpace', { x }, { blockSize, dataFormat: 'NHWC' }))
      ],
      0
    ))
})

describe('rows put to places', () => {
  test('sums of segments, the gradient of gathering', async () => {
    for (const [count, ...row] of [[7], [5, 3], [40, 2, 17], [9, 0], [300, 33]] as [number, ...number[]][]) {
      await agrees(() => [
        tf.unsortedSegmentSum(random(count, ...row), whole(6, count) as tf.Tensor1D, 5),
        tf.unsortedSegmentSum(random(count, ...row), tf.sub(whole(6, count), tf.scalar(2, 'int32')) as tf.Tensor1D, 4)
      ])
    }
    await agrees(() =>
      tf.grads((x, y) =>
        tf.add(
          tf.sum(tf.gather(x, tf.tensor1d([4, 0, 4], 'int32'))),
          tf.sum(
            tf.square(
              tf.gather(
                y,
                tf.tensor2d(
                  [
                    [1, 1],
                    [0, 2]
                  ],
                  [2, 2],
                  'int32'
                ),
                1
              )
            )
          )
        )
      )([random(5, 3), random(2, 3, 4)])
    )
  })

  test('sums and replacements', () =>
    agrees(
      () => [
        tf.scatterND(whole(5, 7, 1), random(7, 3), [5, 3]),
        tf.scatterND(whole(4, 6, 2), random(6), [4, 5]),
        tf.scatterND(whole(4, 6, 2), random(6, 18), [4, 5, 18]),
        tf.scatterND(whole(4, 6, 1), whole(9, 6, 4), [4, 4]),
        tf.tensorScatterUpdate(random(5, 19), whole(5, 3, 1), random(3, 19)),
        tf.tensorScatterUpdate(random(5, 4), whole(4, 7, 2), random(7)),
        tf.tensorScatterUpdate(whole(9, 5, 4), whole(5, 7, 1), whole(9, 7, 4))
      ],
      1e-6
    ))

  test('one of many', () =>
    agrees(
      () => [
        tf.oneHot(whole(5, 4), 5),
        tf.oneHot(tf.sub(whole(9, 4, 3), tf.scalar(2, 'int32')), 5, 2.5, -1, 'float32'),
        tf.oneHot(whole(5, 3), 4, 7, 3, 'int32'),
        tf.oneHot(whole(2, 3), 2, 1, 0, 'bool'),
        tf.oneHot(tf.tensor1d([], 'int32'), 3)
      ],
      0
    ))

  test('places beyond the end are refused', () => {
    const places = tf.tensor2d([[0], [3]], [2, 1], 'int32')
    expect(() => tf.gather(random(3, 2), tf.tensor1d([0, 3], 'int32'))).toThrow('the index value 3 is not in [0, 2]')
    expect(() => tf.gather(random(2, 3), tf.tensor1d([-1], 'int32'), 1)).toThrow('the index value -1 is not in [0, 2]')
    expect(() => tf.gatherND(random(3, 2), places)).toThrow('Invalid indices')
    expect(() => tf.scatterND(places, random(2, 2), [3, 2])).toThrow('Invalid indices')
    expect(() => tf.tensorScatterUpdate(random(3, 2), places, random(2, 2))).toThrow('Invalid indices')
  })

  test('an empty list of rows is no row', () =>
    agrees(() =>
      [
        run(
          'ScatterNd',
          { indices: tf.tensor2d([], [0, 1], 'int32'), updates: tf.tensor2d([], [0, 2]) },
          { shape: [3, 2] }
        )
      ].flat()
    ))
})
