import { vjp, type Loss, type Views } from '@lapstrake/core'
import { expectGolden, type GoldenTensor } from '@lapstrake/testing'
import { describeOnBackends } from '@lapstrake/testing/node'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import golden from './golden/ssl-misc.json' with { type: 'json' }
import { barlowTwins, byolLoss, simSiamLoss, vicReg } from './index.ts'

type Named<T> = Readonly<Record<string, T>>
interface Case {
  readonly name: string
  readonly method: 'barlow_twins' | 'vicreg' | 'simsiam'
  readonly params: Named<number>
  readonly inputs: Named<GoldenTensor>
  readonly loss: number
  readonly grads: Named<GoldenTensor>
  readonly byol_loss?: number
  readonly byol_grads?: Named<GoldenTensor>
}

const pair = (...tensors: readonly tf.Tensor[]): Views<tf.Tensor2D> => tensors as unknown as Views<tf.Tensor2D>
const apply = (loss: Loss, ...tensors: readonly tf.Tensor[]): tf.Scalar =>
  loss(pair(...tensors), { views: pair(...tensors) })

const methods: Readonly<Record<Case['method'], (params: Named<number>) => (...inputs: tf.Tensor[]) => tf.Scalar>> = {
  barlow_twins:
    ({ lambda, bn_eps }) =>
    (a, b) =>
      apply(barlowTwins({ redundancy: lambda!, epsilon: bn_eps! }), a!, b!),
  vicreg: params => (a, b) =>
    apply(
      vicReg({
        invariance: params['sim']!,
        variance: params['var']!,
        covariance: params['cov']!,
        epsilon: params['eps']!
      }),
      a!,
      b!
    ),
  simsiam:
    ({ eps }) =>
    (p1, p2, z1, z2) =>
      simSiamLoss(pair(p1!, p2!), pair(z1!, z2!), { epsilon: eps! })
}
const cases = golden.cases as unknown as Case[]

await describeOnBackends(['cpu', 'wasm', 'node', 'webgpu'], () => {
  test.each(cases)('agrees with lightly: $name', ({ method, params, inputs, loss, grads }) =>
    expectGolden(methods[method](params), {
      inputs: Object.values(inputs),
      loss,
      gradients: Object.keys(inputs).map(name => grads[name])
    })
  )

  test.each(cases.filter(({ byol_loss }) => byol_loss !== undefined))(
    'byol agrees with lightly: $name',
    ({ params, inputs, byol_loss, byol_grads }) =>
      expectGolden((p1, p2, z1, z2) => byolLoss(pair(p1!, p2!), pair(z1!, z2!), { epsilon: params['eps']! }), {
        inputs: Object.values(inputs),
        loss: byol_loss!,
        // The targets are constants: no gradient at all.
        gradients: Object.entries(inputs).map(
          ([name, { shape }]) => byol_grads![name] ?? { shape, data: Array.from({ length: 48 }, () => 0) }
        )
      })
  )

  const rows = Array.from({ length: 15 }, (_, i) => Math.sin(1 + 5 * i))
  test.each<[string, number[]]>([
    ['a row of zeros', [0, 0, 0, ...rows.slice(3)]],
    ['all rows zero', rows.map(() => 0)],
    ['all rows equal', rows.map((_, i) => 1e4 + (i % 3))],
    ['a constant column', rows.map((x, i) => (i % 3 === 1 ? 7 : x))],
    ['long rows', rows.map(x => x * 1e4)],
    ['very short rows', rows.map(x => x * 1e-12)]
  ])('loss and gradient stay finite: %s', async (_, numbers) => {
    const views = [tf.tensor2d(numbers, [5, 3]), tf.tensor2d(numbers.toReversed(), [5, 3])]
    const wide = views.map(view => tf.reshape(view, [3, 5]))
    const losses: ((...views: tf.Tensor[]) => tf.Scalar)[] = [
      (...views) => apply(barlowTwins(), ...views),
      (...views) => apply(vicReg(), ...views),
      (...views) => simSiamLoss(pair(...views), pair(...views))
    ]
    for (const loss of losses)
      for (const given of [views, wide]) {
        const { outputs, pull } = vjp(() => ({ outputs: [loss(...given)], aux: null }), given)
        const found = await Promise.all(
          [...outputs, ...pull([tf.scalar(1)], given, { last: true })].map(async tensor => [...(await tensor!.data())])
        )
        expect(found.flat().every(Number.isFinite)).toBe(true)
      }
  })
})
