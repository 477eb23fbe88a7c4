import { vjp } from '@lapstrake/core'
import { expectGolden, expectGoldenTensor, goldenTensor, type GoldenTensor } from '@lapstrake/testing'
import { describeOnBackends } from '@lapstrake/testing/node'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { crdLoss, noiseContrastive, type Banks, type LogNormalisers } from './crd-loss.ts'
import golden from './golden/crd.json' with { type: 'json' }

interface Case {
  readonly name: string
  readonly params: { readonly nce_t: number; readonly nce_m: number; readonly eps: number }
  readonly inputs: Readonly<Record<'W_s' | 'b_s' | 'W_t' | 'b_t' | 'memory_v1' | 'memory_v2', GoldenTensor>> & {
    readonly steps: readonly Readonly<Record<'f_s' | 'f_t' | 'y' | 'contrast_idx', GoldenTensor>>[]
  }
  readonly steps: readonly {
    readonly loss: number
    readonly grads: Readonly<Record<string, GoldenTensor>>
    readonly Z_v1: number
    readonly Z_v2: number
    readonly memory_v1_rows_after: GoldenTensor
    readonly memory_v2_rows_after: GoldenTensor
  }[]
}
const cases = (golden.cases as unknown as Case[]).filter(({ name }) => name !== 'nce_only')
const two = (value: GoldenTensor): tf.Tensor2D => goldenTensor(value) as tf.Tensor2D

await describeOnBackends(['cpu', 'wasm', 'node', 'webgpu'], () => {
  test.each(cases)('crd agrees with its authors step by step: $name', async ({ params, inputs, steps }) => {
    const names = ['W_s', 'b_s', 'W_t', 'b_t'] as const
    const [studentWeights, studentBias, teacherWeights, teacherBias] = names.map(name =>
      goldenTensor(inputs[name])
    ) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]
    let banks: Banks = { student: two(inputs.memory_v1), teacher: two(inputs.memory_v2) }
    let logNormalisers: LogNormalisers | undefined
    for (const [i, { f_s, f_t, y, contrast_idx }] of inputs.steps.entries()) {
      const expected = steps[i]!
      const features = [two(f_s), two(f_t)] as const
      const indices = tf.tensor1d(y.data.map(Number), 'int32')
      const contrast = tf.tensor2d(contrast_idx.data.map(Number), contrast_idx.shape as [number, number], 'int32')
      const wanted = [...features, studentWeights, studentBias, teacherWeights, teacherBias]
      const { outputs, aux, pull } = vjp(() => {
        const projected = (rows: tf.Tensor2D, weights: tf.Tensor, bias: tf.Tensor): tf.Tensor2D =>
          tf.add(tf.matMul(rows, tf.transpose(weights)), bias)
        const { loss, ...next } = crdLoss(
          {
            student: projected(features[0], studentWeights, studentBias),
            teacher: projected(features[1], teacherWeights, teacherBias),
            banks,
            indices,
            contrast,
            ...(logNormalisers && { logNormalisers })
          },
          { temperature: params.nce_t, momentum: params.nce_m, epsilon: params.eps }
        )
        return { outputs: [loss], aux: next }
      }, wanted)
      const pulled = pull([tf.scalar(1)], wanted, { last: true })
      expect(Math.abs((await outputs[0]!.data())[0]! / expected.loss - 1)).toBeLessThan(1e-5)
      for (const [j, name] of ['f_s', 'f_t', ...names].entries())
        await expectGoldenTensor(pulled[j]!, expected.grads[name]!)
      banks = aux.banks
      logNormalisers = aux.logNormalisers
      expect(Math.exp((await logNormalisers.student.data())[0]!) / expected.Z_v1).toBeCloseTo(1, 4)
      expect(Math.exp((await logNormalisers.teacher.data())[0]!) / expected.Z_v2).toBeCloseTo(1, 4)
      await expectGoldenTensor(tf.gather(banks.student, indices), expected.memory_v1_rows_after)
      await expectGoldenTensor(tf.gather(banks.teacher, indices), expected.memory_v2_rows_after)
    }
  })

  test('noise-contrastive estimation alone agrees with the authors', () => {
    const { inputs, params, loss, grads } = golden.cases.find(({ name }) => name === 'nce_only') as unknown as {
      inputs: { x: GoldenTensor }
      params: { n_data: number; eps: number }
      loss: number
      grads: { x: GoldenTensor }
    }
    return expectGolden(
      x => noiseContrastive(tf.reshape(tf.log(x), [x.shape[0]!, -1]), { examples: params.n_data, epsilon: params.eps }),
      {
        inputs: [inputs.x],
        loss,
        gradients: [grads.x]
      }
    )
  })
})
