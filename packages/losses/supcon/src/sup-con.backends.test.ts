import { expectGolden, type GoldenTensor } from '@lapstrake/testing'
import { describeOnBackends } from '@lapstrake/testing/node'
import * as tf from '@tensorflow/tfjs-core'
import { test } from 'vitest'
import conventions from './golden/conventions.json' with { type: 'json' }
import golden from './golden/sup-con.json' with { type: 'json' }
import { supConLoss } from './index.ts'

interface Case {
  readonly name: string
  readonly params: {
    readonly temperature: number
    readonly base_temperature: number
    readonly contrast_mode: string
    readonly normalize: boolean
  }
  readonly loss: number
  readonly inputs: { readonly features: GoldenTensor; readonly labels?: GoldenTensor; readonly mask?: GoldenTensor }
  readonly grads: { readonly features: GoldenTensor }
}

await describeOnBackends(['cpu', 'wasm', 'node', 'webgpu'], backend => {
  const cases = golden.cases as unknown as Case[]
  const chosen = backend === 'webgpu' ? cases.filter((_, i) => i % 3 === 0) : cases
  test.each(chosen)('agrees with the reference: $name', async ({ params, loss, inputs, grads }) => {
    const { features, labels, mask } = inputs
    await expectGolden(
      f =>
        supConLoss(
          f,
          {
            ...(labels && { labels: tf.tensor1d(labels.data.map(Number), 'int32') }),
            ...(mask && { similarity: tf.tensor2d(mask.data.map(Number), mask.shape as [number, number]) })
          },
          {
            temperature: params.temperature,
            baseTemperature: params.base_temperature,
            anchors: params.contrast_mode === 'all' ? 'all' : 'first',
            normalise: params.normalize
          }
        ),
      { inputs: [features], loss, gradients: [grads.features] }
    )
  })

  // Three conventions for the same single view: the first counts anchors without positives, the second does not, the
  // third counts pairs.
  const options = {
    hobbitlong_supcon_base_eq_T: {},
    pml_supcon: { noPositive: 'skip' },
    pml_ntxent: { form: 'pairs' }
  } as const
  for (const { name, inputs, params, loss, grads } of conventions.cases) {
    test.each(Object.keys(options) as (keyof typeof options)[])(`${name}: agrees with %s`, async convention => {
      const { embeddings, labels } = inputs
      const flat = { shape: [embeddings.shape[0]!, 1, embeddings.shape[1]!], data: embeddings.data }
      await expectGolden(
        f =>
          supConLoss(
            f,
            { labels: tf.tensor1d(labels.data, 'int32') },
            { temperature: params.temperature, ...options[convention] }
          ),
        {
          inputs: [flat],
          loss: loss[convention],
          gradients: [grads[convention]]
        }
      )
    })
  }
})
