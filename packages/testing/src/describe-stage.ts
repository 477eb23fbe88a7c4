import {
  checkOptions,
  leaves,
  namedLeaves,
  own,
  seeded,
  vjp,
  type Mode,
  type Shape,
  type Stage,
  type Variables
} from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { gradientError } from './gradient-error.ts'
import { read } from './read.ts'

export interface StageSuite {
  /** The shape of one example. */
  readonly inputShape: Shape
  /** How far the gradient may be from finite differences. ReLUs have corners: allow them some. */
  readonly tolerance?: number | undefined
}

/**
 * The promises every stage keeps: first variables that depend on the seed alone; the output shape it announces;
 * inference that changes nothing and treats each example by itself; a gradient for every parameter, from the output or
 * the penalty, and for the input that agrees with finite differences; buffers that keep their form; arguments untouched
 * and nothing left behind.
 */
export function describeStage(name: string, stage: Stage, suite: StageSuite): void {
  checkOptions<StageSuite>('describeStage', suite, { inputShape: 'list', tolerance: 'number' })
  const { inputShape, tolerance = 0.03 } = suite
  const init = (seed = 1): ReturnType<Stage['init']> => stage.init(seeded(seed), inputShape)
  const input = (rows: number): tf.Tensor =>
    seeded(2)
      .split(name)
      .normal([rows, ...inputShape])
  const training: Mode = { training: true, random: seeded(3) }
  const inference: Mode = { training: false }

  describe(`${name} keeps the promises of a stage`, () => {
    test('its first variables depend on the seed alone', () => {
      const first = init()
      expect(read(init().params)).toEqual(read(first.params))
      expect(read(init().buffers)).toEqual(read(first.buffers))
      const random = namedLeaves<tf.Tensor>(first.params).filter(({ value }) => new Set(read(value)).size > 1)
      if (random.length > 0) expect(read(init(2).params)).not.toEqual(read(first.params))
    })

    test.each([1, 2, 3])('a batch of %i gives the shape it announces', rows => {
      const variables = init()
      for (const mode of [training, inference]) {
        expect(stage.apply(variables, input(rows), mode).output.shape).toEqual([rows, ...variables.outputShape])
      }
    })

    test('inference changes no buffer and treats each example by itself', () => {
      const variables = init()
      const batch = input(3)
      const { output, buffers } = stage.apply(variables, batch, inference)
      expect(read(buffers)).toEqual(read(variables.buffers))
      const alone = stage.apply(variables, tf.slice(batch, 1, 1), inference).output
      const together = read(tf.slice(output, 1, 1))
      read(alone).forEach((value, i) => expect(value).toBeCloseTo(together[i]!, 4))
    })

    test('training gives buffers of the same form', () => {
      const variables = init()
      const { buffers } = stage.apply(variables, input(3), training)
      const form = (tree: Variables['buffers']): unknown =>
        namedLeaves<tf.Tensor>(tree).map(({ name, value }) => [name, value.shape])
      expect(form(buffers)).toEqual(form(variables.buffers))
    })

    test('a gradient reaches every parameter and the input, and agrees with finite differences', () => {
      const variables = init()
      const weights = leaves<tf.Tensor>(variables.params)
      const batch = input(3)
      const weigh = seeded(4).normal([3, ...variables.outputShape])
      const { pull } = vjp(() => {
        const { output } = stage.apply(variables, batch, training)
        const taught = tf.sum(tf.mul(output, weigh))
        return { outputs: [stage.penalty ? tf.add(taught, stage.penalty(variables)) : taught], aux: null }
      }, [batch, ...weights])
      for (const gradient of pull([tf.scalar(1)], [batch, ...weights], { last: true })) {
        expect(gradient).toBeDefined()
        expect(read(gradient).every(Number.isFinite)).toBe(true)
      }
      const f = (x: tf.Tensor): tf.Scalar => tf.sum(tf.mul(stage.apply(variables, x, training).output, weigh))
      expect(gradientError(f, [batch])).toBeLessThan(tolerance)
    })

    test('arguments are untouched, and nothing is left behind', () => {
      const variables = init()
      const batch = input(3)
      const before = [...read(variables.params), ...read(variables.buffers), ...read(batch)]
      const tensors = tf.memory().numTensors
      const result = own(() => stage.apply(variables, batch, training))
      const made = new Set([result.output, ...leaves<tf.Tensor>(result.buffers)])
      const given = new Set([batch, ...leaves<tf.Tensor>(variables.params), ...leaves<tf.Tensor>(variables.buffers)])
      for (const tensor of made) if (!given.has(tensor)) tensor.dispose()
      expect(tf.memory().numTensors).toBe(tensors)
      expect([...read(variables.params), ...read(variables.buffers), ...read(batch)]).toEqual(before)
    })
  })
}
