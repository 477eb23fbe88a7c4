import '@tensorflow/tfjs-backend-cpu'
import { networkOf, own, seeded, type Backbone } from '@lapstrake/core'
import { describeStage, read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { batchNorm, convBlock, grayscale, maxPool, outlines, seeing, stageOf } from './index.ts'

const inference = { training: false } as const
const made = (block: ReturnType<typeof grayscale>, images: tf.Tensor): tf.Tensor =>
  block.apply({ params: {}, buffers: {} }, images, inference).output

describeStage('grayscale', stageOf('grayscale', grayscale()), { inputShape: [4, 3, 3] })
describeStage('outlines', stageOf('outlines', outlines()), { inputShape: [5, 4, 3] })

const conv = stageOf('conv', convBlock({ filters: 4, norm: batchNorm() }))
const backbone: Backbone = { name: 'net', stages: [conv, stageOf('pool', maxPool(4))] }
describeStage('a stage that sees outlines', seeing(outlines(), backbone).stages[0]!, {
  inputShape: [5, 4, 3],
  tolerance: 0.06
})

test('golden: pure colors are as bright as BT.601 says', () => {
  const colors = tf.tensor4d([1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1], [1, 2, 2, 3])
  const gray = read(made(grayscale(), colors))
  ;[0.299, 0.587, 0.114, 1].forEach((value, i) => expect(gray[i]).toBeCloseTo(value, 6))
})

test('golden: an edge has 1 on either side, a flat place 0, also at the border', () => {
  const edge = (row: number[]): tf.Tensor =>
    tf.tensor4d(
      [row, row, row].flat().flatMap(v => [v, v, v]),
      [1, 3, 6, 3]
    )
  const found = read(made(outlines(), edge([0, 0, 0, 1, 1, 1])))
  for (let row = 0; row < 3; row++)
    [0, 0, 1, 1, 0, 0].forEach((value, i) => expect(found[6 * row + i]).toBeCloseTo(value, 3))
  const turned = read(made(outlines(), tf.transpose(edge([0, 0, 0, 1, 1, 1]), [0, 2, 1, 3])))
  for (let i = 0; i < 18; i++) expect(turned[i]).toBeCloseTo([0, 0, 1, 1, 0, 0][Math.floor(i / 3)]!, 3)
})

test('agrees with Sobel written as plain loops', () => {
  const images = seeded(3).uniform([2, 4, 5, 3])
  const gray = (b: number, y: number, x: number): number => {
    const [row, column] = [Math.min(Math.max(y, 0), 3), Math.min(Math.max(x, 0), 4)]
    const at = ((b * 4 + row) * 5 + column) * 3
    const [red, green, blue] = [0, 1, 2].map(c => read(images)[at + c]!) as [number, number, number]
    return 0.299 * red + 0.587 * green + 0.114 * blue
  }
  const found = read(made(outlines(), images))
  let place = 0
  for (let b = 0; b < 2; b++)
    for (let y = 0; y < 4; y++)
      for (let x = 0; x < 5; x++) {
        let [down, across] = [0, 0]
        for (const [d, weight] of [
          [-1, 1],
          [0, 2],
          [1, 1]
        ] as const) {
          down += weight * (gray(b, y + 1, x + d) - gray(b, y - 1, x + d))
          across += weight * (gray(b, y + d, x + 1) - gray(b, y + d, x - 1))
        }
        expect(found[place++]).toBeCloseTo(Math.hypot(down, across) / 4, 3)
      }
})

test('the variables of a stage that sees something else are its own, and colors make no difference to it', () => {
  const network = networkOf(seeing(grayscale(), backbone), [6, 6, 3])
  const [plain] = networkOf(backbone, [6, 6, 1]).init(seeded(1))
  const variables = network.init(seeded(1))
  expect(read(variables[0]!.params)).toEqual(read(plain!.params))
  const images = seeded(2).uniform([1, 6, 6, 3])
  const gray = tf.tile(made(grayscale(), images), [1, 1, 1, 3])
  const [colored, colorless] = [images, gray].map(seen => read(own(() => network.encode(variables, seen))))
  colored!.forEach((value, i) => expect(value).toBeCloseTo(colorless![i]!, 5))
})

test.each([
  [() => seeing({} as never, backbone), 'seeing: expected a block without parameters, as grayscale() is.'],
  // A function has an apply, too, and so has a stage.
  [() => seeing(grayscale as never, backbone), 'seeing: expected a block without parameters, as grayscale() is.'],
  [() => seeing(conv as never, backbone), 'seeing: expected a block without parameters, as grayscale() is.'],
  [() => seeing(grayscale(), {} as never), 'seeing: expected a backbone behind the block, as convNet() is.'],
  [
    () => networkOf(seeing(convBlock({ filters: 2, norm: batchNorm() }), backbone), [6, 6, 3]),
    'seeing: expected a block without parameters, as grayscale() is, got one that learns.'
  ],
  [() => networkOf(seeing(grayscale(), backbone), [6, 6, 1]), 'grayscale: expected 3 channels, got 1.']
])('clear errors: %#', (act, message) => expect(act).toThrow(message))
