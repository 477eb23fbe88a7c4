import type { Batch, Views } from '@lapstrake/core'
import { expectGolden, goldenTensor, type GoldenTensor } from '@lapstrake/testing'
import { describeOnBackends } from '@lapstrake/testing/node'
import { seeded } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import golden from './golden/queue.json' with { type: 'json' }
import { supConQueue } from './index.ts'

interface Step {
  readonly queries: GoldenTensor
  readonly keys: GoldenTensor
  readonly labels: readonly number[]
  readonly costs: readonly number[]
  readonly gradient: GoldenTensor
}

await describeOnBackends(['cpu', 'wasm', 'node', 'webgpu'], () => {
  test.each(golden.cases)(
    'agrees with the equation in doubles, step by step: $name',
    async ({ size, temperature, steps }) => {
      const loss = supConQueue({ size, temperature })
      const each = supConQueue({ size, temperature, reduction: 'none' })
      let { memory } = loss.init(seeded(1), { embedding: [steps[0]!.queries.shape[1]!] })
      for (const { queries, keys, labels, costs, gradient } of steps as readonly Step[]) {
        const [key, other] = [goldenTensor(keys), tf.zeros([...keys.shape])]
        const targets = [other, key] as unknown as Views<tf.Tensor2D>
        const batch: Batch = { views: targets, targets, labels: tf.tensor1d([...labels], 'int32') }
        const apply = (query: tf.Tensor) => {
          const embeddings = [query, other] as unknown as Views<tf.Tensor2D>
          return { ...loss.apply(embeddings, batch, { params: {}, memory }), embeddings }
        }
        const mean = costs.reduce((sum, cost) => sum + cost) / costs.length
        await expectGolden(query => apply(query).loss, { inputs: [queries], loss: mean, gradients: [gradient] })
        const { memory: next, embeddings } = apply(goldenTensor(queries))
        const rows = await each.apply(embeddings, batch, { params: {}, memory }).loss.data()
        costs.forEach((cost, i) => expect(Math.abs(rows[i]! - cost)).toBeLessThan(2e-5 * Math.max(1, cost)))
        memory = next
      }
    }
  )
})
