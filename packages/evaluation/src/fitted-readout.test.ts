import '@tensorflow/tfjs-backend-cpu'
import { seeded } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { fitReadout, linearProbe, readProbabilities, type Features } from './index.ts'

/** Clouds of three classes around corners, far from zero and of another scale in each dimension. */
function clouds(count: number, seed: number): Features {
  const noise = seeded(seed).normals(3 * count)
  const labels = Int32Array.from({ length: count }, (_, i) => i % 3)
  const values = noise.map((value, i) => (0.8 * value + (i % 3 === labels[Math.floor(i / 3)] ? 2 : 0)) * 10 ** (i % 3))
  return { values: values.map((value, i) => value + (i % 3 === 0 ? 50 : 0)), labels, dim: 3 }
}

test('says of each row what the probe counts, in probabilities', async () => {
  const [train, other] = [clouds(120, 1), clouds(60, 2)]
  const before = tf.memory().numTensors
  const readout = await fitReadout(train)
  const probabilities = await readProbabilities(readout, other)
  expect(tf.memory().numTensors).toBe(before)
  const right = other.labels.filter((label, i) => {
    const row = probabilities.subarray(3 * i, 3 * i + 3)
    expect(row.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5)
    return row.indexOf(Math.max(...row)) === label
  })
  const probed = await linearProbe(train, other)
  expect(right.length / 60).toBe(probed.accuracy)
  expect(readout.validationAccuracy).toBe(probed.validationAccuracy)
  expect(right.length).toBeGreaterThan(50)
})

test('golden: of two classes whose logits differ by one, the other has 1 / (1 + e)', async () => {
  const readout = { dim: 1, classes: 2, weights: Float32Array.of(0, 0.5), bias: Float32Array.of(0, 0) }
  const [first, second] = await readProbabilities(readout, { values: Float32Array.of(2), dim: 1 })
  expect(first).toBeCloseTo(1 / (1 + Math.E), 6)
  expect(second).toBeCloseTo(Math.E / (1 + Math.E), 6)
})

test('rows of another length and other things are refused', async () => {
  const readout = await fitReadout(clouds(30, 3))
  await expect(readProbabilities(readout, { values: new Float32Array(4), dim: 2 })).rejects.toThrow(
    'readProbabilities: expected rows of 3 numbers, as the readout was fitted to, got 2 (4 numbers in all).'
  )
  await expect(readProbabilities({} as never, clouds(3, 1))).rejects.toThrow(TypeError)
  await expect(fitReadout({ ...clouds(3, 1), labels: new Int32Array(3) })).rejects.toThrow(
    'fitReadout: expected two classes or more, got 1.'
  )
})
