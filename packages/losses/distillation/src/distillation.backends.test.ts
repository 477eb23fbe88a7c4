import { expectGolden, goldenTensor, type GoldenTensor } from '@lapstrake/testing'
import { describeOnBackends } from '@lapstrake/testing/node'
import * as tf from '@tensorflow/tfjs-core'
import { test } from 'vitest'
import golden from './golden/distillation.json' with { type: 'json' }
import {
  activationBoundary,
  attentionTransfer,
  correlationCongruence,
  factorTransfer,
  flowOfSolution,
  hint,
  knowledgeDistillation,
  neuronSelectivity,
  probabilisticTransfer,
  relational,
  similarityPreserving,
  variationalInformation
} from './index.ts'

interface Case {
  readonly name: string
  readonly method: string
  readonly inputs: Readonly<Record<string, GoldenTensor | readonly GoldenTensor[]>>
  readonly params: Readonly<Record<string, number>>
  readonly loss: number
  readonly grads: Readonly<Record<string, GoldenTensor>>
}
type Layers = Readonly<Record<string, tf.Tensor>>
/** Maps in the files are `[batch, channels, height, width]`. */
const nhwc = (maps: tf.Tensor): tf.Tensor => (maps.rank === 4 ? tf.transpose(maps, [0, 2, 3, 1]) : maps)
const layers = (given: Layers, name: string): tf.Tensor[] =>
  Object.keys(given)
    .filter(key => key.startsWith(`${name}[`))
    .map(key => nhwc(given[key]!))
/** Of a convolution `[out, in, 1, 1]`. */
const matrix = (weights: tf.Tensor): tf.Tensor => tf.transpose(tf.reshape(weights, weights.shape.slice(0, 2)))

const methods: Readonly<Record<string, (given: Layers, params: Case['params']) => tf.Scalar>> = {
  kd: ({ y_s, y_t }, { T }) => knowledgeDistillation(y_s!, y_t!, { temperature: T! }),
  fitnet: ({ f_s, f_t }) => hint(nhwc(f_s!), nhwc(f_t!)),
  at: ({ f_s, f_t }, { p }) => attentionTransfer(nhwc(f_s!), nhwc(f_t!), { power: p! }),
  sp: ({ f_s, f_t }) => similarityPreserving(nhwc(f_s!), nhwc(f_t!)),
  cc: ({ f_s, f_t }) => correlationCongruence(f_s!, f_t!),
  rkd: ({ f_s, f_t }, { w_d, w_a }) => relational(f_s!, f_t!, { distance: w_d!, angle: w_a! }),
  pkt: ({ f_s, f_t }, { eps }) => probabilisticTransfer(f_s!, f_t!, { epsilon: eps! }),
  ab: (given, { margin }) => activationBoundary(layers(given, 'g_s'), layers(given, 'g_t'), { margin: margin! }),
  ft: ({ f_s, f_t }, { p1, p2 }) => factorTransfer(nhwc(f_s!), nhwc(f_t!), { power: p1!, difference: p2! }),
  fsp: given => flowOfSolution(layers(given, 'g_s'), layers(given, 'g_t')),
  nst: ({ f_s, f_t }) => neuronSelectivity(nhwc(f_s!), nhwc(f_t!)),
  vid: ({ f_s, f_t, W1, W2, W3, log_scale }, { eps }) =>
    variationalInformation(
      nhwc(f_s!),
      nhwc(f_t!),
      {
        weights: [W1!, W2!, W3!].map(matrix),
        logScale: log_scale!
      },
      { epsilon: eps! }
    )
}

await describeOnBackends(['cpu', 'wasm', 'node', 'webgpu'], () => {
  test.each(golden.cases as unknown as Case[])(
    'agrees with RepDistiller: $name',
    async ({ method, inputs, params, loss, grads }) => {
      const named = Object.entries(inputs).flatMap(([name, value]) =>
        'shape' in value ? [[name, value] as const] : value.map((layer, i) => [`${name}[${i}]`, layer] as const)
      )
      // The student and what learns with it; the teacher is a constant unless the file has its gradient.
      const wanted = named.filter(([name]) => name in grads)
      const constants = named.filter(([name]) => !(name in grads))
      await expectGolden(
        (...given) =>
          methods[method]!(
            Object.fromEntries([
              ...wanted.map(([name], i) => [name, given[i]!]),
              ...constants.map(([name, value]) => [name, goldenTensor(value)])
            ] as [string, tf.Tensor][]),
            params
          ),
        {
          inputs: wanted.map(([, value]) => value),
          loss,
          gradients: wanted.map(([name]) => grads[name]!)
        }
      )
    }
  )
})
