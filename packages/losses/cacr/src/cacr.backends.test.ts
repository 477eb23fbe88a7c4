import { seeded, vjp, type Views } from '@lapstrake/core'
import { expectGolden, goldenTensor, type GoldenTensor } from '@lapstrake/testing'
import { describeOnBackends } from '@lapstrake/testing/node'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import golden from './golden/cacr.json' with { type: 'json' }
import {
  cacr,
  cacrAgainst,
  cacrLoss,
  cacrMomentum,
  cacrQueue,
  type CACROptions,
  type CACRQueueOptions
} from './index.ts'

interface Golden<Name extends string, Params> {
  readonly name: string
  readonly variant: string
  readonly inputs: Readonly<Record<Name, GoldenTensor>>
  readonly params: Params
  readonly loss: number
  readonly grads: Readonly<Record<string, GoldenTensor>>
}
interface Parts {
  readonly loss_attraction: number
  readonly loss_repulsion: number
  readonly grads_attraction: Readonly<Record<string, GoldenTensor>>
}
type SmallScale = Parts &
  Golden<
    'views',
    {
      readonly alpha: number
      readonly beta: number
      readonly t_plus: number
      readonly t_minus: number
      readonly choice: string
      readonly cost: string
      readonly rbf_t?: number
      readonly tau_plus?: number
    }
  >
type Momentum = Golden<'queries' | 'key', { readonly T: number; readonly cost: 'rbf' | 'euclidean' }>
type Queue = Parts &
  Golden<
    'views' | 'W_q' | 'W_k' | 'queue',
    {
      readonly alpha: number
      readonly beta: number
      readonly t_plus: number
      readonly t_minus: number
      readonly momentum: number
    }
  >

/** The first axis, one tensor each. */
function unstacked({ shape: [count = 0, ...shape], data }: GoldenTensor): GoldenTensor[] {
  const size = data.length / count
  return Array.from({ length: count }, (_, i) => ({ shape, data: data.slice(i * size, (i + 1) * size) }))
}

const optionsOf = ({
  alpha,
  beta,
  t_plus,
  t_minus,
  choice,
  cost,
  rbf_t,
  tau_plus
}: SmallScale['params']): CACROptions => ({
  attraction: alpha,
  repulsion: beta,
  positiveTemperature: choice === 'none' || choice === 'without_w1' ? 0 : t_plus,
  negativeTemperature: choice === 'none' || choice === 'without_w2' ? 0 : t_minus,
  cost: cost === 'rbf' ? 'rbf' : 'euclidean',
  ...(rbf_t && { rbfScale: rbf_t }),
  ...(tau_plus && { classPrior: tau_plus })
})

await describeOnBackends(['cpu', 'wasm', 'node', 'webgpu'], backend => {
  const cases = <T>(variant: string): T[] =>
    (golden.cases as unknown as Golden<string, unknown>[])
      .filter((_, i) => backend !== 'webgpu' || i % 3 === 0)
      .filter(golden => golden.variant.startsWith(variant)) as unknown as T[]

  test.each(cases<SmallScale>('small_scale'))(
    'cacr agrees with its authors, whole and in parts: $name',
    async golden => {
      const views = unstacked(golden.inputs.views)
      const gradients = (of: Readonly<Record<string, GoldenTensor>>): GoldenTensor[] =>
        views.map((_, v) => of[`views[${v}]`]!)
      const options = optionsOf(golden.params)
      const f =
        (options: CACROptions) =>
        (...views: tf.Tensor[]) =>
          cacrLoss(tf.stack(views, 1), options)
      await expectGolden(f(options), { inputs: views, loss: golden.loss, gradients: gradients(golden.grads) })
      await expectGolden(f({ ...options, repulsion: 0 }), {
        inputs: views,
        loss: golden.loss_attraction,
        gradients: gradients(golden.grads_attraction)
      })
      await expectGolden(f({ ...options, attraction: 0 }), { inputs: views, loss: golden.loss_repulsion })
    }
  )

  test.each(cases<Momentum>('moco_v3'))(
    'cacrAgainst agrees with its authors: $name',
    async ({ inputs, params, loss, grads }) => {
      const { T: temperature, cost } = params
      const queries = unstacked(inputs.queries)
      await expectGolden(
        (key, ...queries) =>
          cacrAgainst(queries as tf.Tensor2D[], key as tf.Tensor2D, {
            temperature,
            cost,
            reduction: cost === 'rbf' ? 'mean' : 'sum'
          }),
        {
          inputs: [inputs.key, ...queries],
          loss,
          gradients: [grads['key'], ...queries.map((_, m) => grads[`queries[${m}]`])]
        }
      )
    }
  )

  test.each(cases<Queue>('moco_queue'))(
    'cacrQueue agrees with its authors, each view with its own similarities: $name',
    async ({ inputs, params, ...golden }) => {
      const rows = tf.transpose(goldenTensor(inputs.queue)) as tf.Tensor2D
      const views = tf.unstack(goldenTensor(inputs.views))
      const weights = tf.add(
        tf.mul(goldenTensor(inputs.W_k), params.momentum),
        tf.mul(goldenTensor(inputs.W_q), 1 - params.momentum)
      )
      const encode = (weights: tf.Tensor): Views<tf.Tensor2D> =>
        views.map(view => tf.matMul(view, tf.transpose(weights))) as unknown as Views<tf.Tensor2D>
      const options = {
        size: rows.shape[0],
        attraction: params.alpha,
        repulsion: params.beta,
        positiveTemperature: params.t_plus,
        negativeTemperature: params.t_minus
      }
      const f =
        (options: CACRQueueOptions) =>
        (W_q: tf.Tensor): tf.Scalar => {
          const embeddings = encode(W_q)
          return cacrQueue(options).apply(
            embeddings,
            { views: embeddings, targets: encode(weights) },
            { params: {}, memory: { rows, next: 0, filled: rows.shape[0] } }
          ).loss
        }
      await expectGolden(f(options), { inputs: [inputs.W_q], loss: golden.loss, gradients: [golden.grads['W_q']] })
      await expectGolden(f({ ...options, repulsion: 0 }), { inputs: [inputs.W_q], loss: golden.loss_attraction })
      await expectGolden(f({ ...options, attraction: 0 }), { inputs: [inputs.W_q], loss: golden.loss_repulsion })
    }
  )

  const queue = cacrQueue({ size: 5, positiveTemperature: 100, negativeTemperature: 100, fill: 'empty' })
  const losses = {
    'cacr, euclidean': cacr({ positiveTemperature: 100, negativeTemperature: 100, classPrior: 0.1 }),
    'cacr, rbf': cacr({ cost: 'rbf', rbfScale: 100, negativeTemperature: 100 }),
    'cacr of rows as they are, euclidean': cacr({ normalise: false }),
    'cacr of rows as they are, rbf': cacr({ normalise: false, cost: 'rbf' }),
    'cacrMomentum, rbf': cacrMomentum({ temperature: 0.01 }),
    'cacrMomentum, euclidean': cacrMomentum({ temperature: 0.01, cost: 'euclidean' }),
    cacrQueue: (embeddings: Views<tf.Tensor2D>, batch: Parameters<typeof queue.apply>[1]) =>
      queue.apply(embeddings, batch, { params: {}, memory: queue.init(seeded(1), { embedding: [3] }).memory }).loss
  }
  const rows = Array.from({ length: 15 }, (_, i) => Math.sin(1 + 5 * i))
  const hard = {
    'a row of zeros': [0, 0, 0, ...rows.slice(3)],
    'all rows zero': rows.map(() => 0),
    'all rows equal': rows.map((_, i) => 1 + (i % 3)),
    'opposite rows': rows.map((_, i) => (i < 6 ? 1 : -1)),
    'rows of length 1e4': rows.map(x => x * 1e4),
    'very short rows': rows.map(x => x * 1e-8),
    'one row': rows.slice(0, 3)
  }
  test.each(Object.entries(losses))(
    'loss and gradient stay finite, however strict the weights: %s',
    async (_, loss) => {
      for (const [name, numbers] of Object.entries(hard)) {
        const given = [numbers, numbers, numbers.toReversed()].map(numbers =>
          tf.tensor2d(numbers, [numbers.length / 3, 3])
        )
        const views = given as unknown as Views<tf.Tensor2D>
        const { outputs, pull } = vjp(() => ({ outputs: [loss(views, { views, targets: views })], aux: null }), given)
        const found = await Promise.all(
          [...outputs, ...pull([tf.scalar(1)], given, { last: true })].map(async tensor => [...(await tensor!.data())])
        )
        expect(found.flat().every(Number.isFinite), name).toBe(true)
      }
    }
  )
})
