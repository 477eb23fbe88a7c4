import { leaves, seeded, stateless, vjp, type Params, type Random, type Reduction, type Stage } from '@lapstrake/core'
import { expectGolden, expectGoldenTensor, goldenTensor, type GoldenTensor } from '@lapstrake/testing'
import { describeOnBackends } from '@lapstrake/testing/node'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import bounds from './golden/bound.json' with { type: 'json' }
import losses from './golden/loss.json' with { type: 'json' }
import {
  chiSquareComplexityOf,
  chiSquareDivergence,
  chiSquareObjective,
  complexityOf,
  contrastiveMargins,
  hingeLoss,
  klDivergence,
  klObjective,
  logisticLoss,
  stochastic,
  weighPosterior,
  zeroOneLoss,
  type Objective
} from './index.ts'

interface LossCase {
  readonly name: string
  readonly params: { readonly loss: string; readonly reduction: string }
  readonly inputs: Readonly<Record<'feature' | 'positive' | 'negatives', GoldenTensor>>
  readonly loss: number
  readonly per_sample: GoldenTensor
  readonly grads: Readonly<Record<'feature' | 'positive' | 'negatives', GoldenTensor>> | null
}
type Weight = Readonly<Record<'prior_mean' | 'mean' | 'log_std', GoldenTensor>>
interface BoundCase {
  readonly name: string
  readonly inputs: {
    readonly posterior_and_prior: Readonly<Record<string, Weight>>
    readonly noise: Readonly<Record<string, GoldenTensor>>
    readonly x: GoldenTensor
    readonly positive: GoldenTensor
    readonly negatives: GoldenTensor
  }
  readonly params: Readonly<Record<'m' | 'catoni_lambda_times_m' | 'delta' | 'b' | 'c' | 'prior_log_std' | 'T', number>>
  readonly features: GoldenTensor
  readonly contrastive_logistic: number
  readonly contrastive_zero_one: number
  readonly contrastive_logistic_posterior_mean_net: number
  readonly kl: number
  readonly loss: number
  readonly grads: Readonly<Record<string, GoldenTensor>>
  readonly grads_kl: Readonly<Record<string, GoldenTensor>>
  readonly discretised: { readonly kl: number; readonly union: number; readonly complexity: number }
  readonly non_iid: {
    readonly chi_square_as_coded: number
    readonly complexity: number
    readonly objective: number
    readonly grads: Readonly<Record<string, GoldenTensor>>
  }
}
const ofMargins: Readonly<Record<string, typeof logisticLoss>> = {
  logistic: logisticLoss,
  hinge: hingeLoss,
  'zero-one': zeroOneLoss
}
const names = ['layer0.weight', 'layer0.bias', 'layer1.weight', 'layer1.bias'] as const

/** The reference's network; weights `[out, in]`. */
const network: Stage = stateless('mlp', {
  init: () => ({ params: {} as Params, outputShape: [2] }),
  apply(params, x) {
    const [weights0, bias0, weights1, bias1] = names.map(name => (params as Record<string, tf.Tensor>)[name]!)
    const layer = (x: tf.Tensor, weights: tf.Tensor, bias: tf.Tensor): tf.Tensor =>
      tf.add(tf.matMul(x as tf.Tensor2D, tf.transpose(weights as tf.Tensor2D)), bias)
    return layer(tf.relu(layer(x, weights0!, bias0!)), weights1!, bias1!)
  }
})

/** Gives the reference's noise instead of its own. */
const randomWith = (noise: Readonly<Record<string, GoldenTensor>>, name = ''): Random => ({
  ...seeded(0),
  split: (...purpose) => randomWith(noise, String(purpose.at(-1))),
  normal: () => goldenTensor(noise[name]!)
})

/** A case's network with an objective, and its parts on the backend in use. */
function prepared({ inputs, params }: BoundCase, objective: Objective) {
  const tree = (key: keyof Weight): Record<string, tf.Tensor> =>
    Object.fromEntries(names.map(name => [name, goldenTensor(inputs.posterior_and_prior[name]![key])]))
  const variables = {
    params: { mean: tree('mean'), logStd: tree('log_std'), priorLogStd: tf.scalar(params.prior_log_std) },
    buffers: { prior: tree('prior_mean'), inner: {} }
  }
  const stage = stochastic(network, { objective })
  const [x, positive, negatives] = [inputs.x, inputs.positive, inputs.negatives].map(goldenTensor) as [
    tf.Tensor2D,
    tf.Tensor3D,
    tf.Tensor4D
  ]
  const flat = [x, tf.reshape(positive, [-1, x.shape[1]]), tf.reshape(negatives, [-1, x.shape[1]])]
  const features = (training = true): tf.Tensor =>
    stage.apply(
      variables,
      tf.concat(flat),
      training ? { training, random: randomWith(inputs.noise) } : { training: false }
    ).output
  const margins = (rows: tf.Tensor): tf.Tensor2D => {
    const dim = rows.shape[1]!
    const [f, p, n] = tf.split(
      rows,
      flat.map(({ shape }) => shape[0]!)
    ) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D]
    return contrastiveMargins(
      f,
      tf.reshape(p, [positive.shape[0], positive.shape[1], dim]),
      tf.reshape(n, [negatives.shape[0], negatives.shape[1], negatives.shape[2], dim])
    )
  }
  return { stage, variables, features, margins, weights: leaves<tf.Tensor>(variables.params) }
}

/** In the order of the leaves of a posterior: means, deviations, the prior's deviation. */
const gradientsOf = (grads: Readonly<Record<string, GoldenTensor>>): GoldenTensor[] => [
  ...names.map(name => grads[`${name}.mean`]!),
  ...names.map(name => grads[`${name}.log_std`]!),
  grads['prior_log_std']!
]

async function expectGradients(
  f: () => tf.Tensor,
  weights: readonly tf.Tensor[],
  grads: Readonly<Record<string, GoldenTensor>>
): Promise<void> {
  const { pull } = vjp(() => ({ outputs: [f()], aux: null }), weights)
  const pulled = pull([tf.scalar(1)], weights, { last: true })
  for (const [i, golden] of gradientsOf(grads).entries()) await expectGoldenTensor(pulled[i]!, golden)
}
const number = async (scalar: tf.Tensor): Promise<number> => (await scalar.data())[0]!

await describeOnBackends(['cpu', 'wasm', 'node', 'webgpu'], () => {
  test.each(losses.cases as unknown as LossCase[])(
    'margins and losses agree with the reference: $name',
    async ({ params, inputs, loss, per_sample, grads }) => {
      const lossOf = (reduction: Reduction) => (f: tf.Tensor, p: tf.Tensor, n: tf.Tensor) =>
        ofMargins[params.loss]!(contrastiveMargins(f as tf.Tensor2D, p as tf.Tensor3D, n as tf.Tensor4D), {
          reduction
        }) as tf.Scalar
      const given = [inputs.feature, inputs.positive, inputs.negatives]
      const [f, p, n] = given.map(goldenTensor) as [tf.Tensor, tf.Tensor, tf.Tensor]
      await expectGoldenTensor(lossOf('none')(f, p, n), per_sample)
      if (grads === null) expect(await number(lossOf(params.reduction as Reduction)(f, p, n))).toBeCloseTo(loss, 5)
      else
        await expectGolden(lossOf(params.reduction as Reduction), {
          inputs: given,
          loss,
          gradients: [grads.feature, grads.positive, grads.negatives]
        })
    }
  )

  describe.each(bounds.cases as unknown as BoundCase[])('$name', golden => {
    const { params } = golden
    const grid = { precision: params.b, largestVariance: params.c }
    const iid = klObjective({ inverseTemperature: params.catoni_lambda_times_m, delta: params.delta, ...grid })
    const dependent = chiSquareObjective({
      sampleSize: params.m,
      dependence: params.T,
      delta: params.delta,
      direction: 'prior-posterior',
      ...grid
    })

    test('draws and losses agree', async () => {
      const { features, margins } = prepared(golden, iid)
      await expectGoldenTensor(features(), golden.features)
      expect(await number(logisticLoss(margins(features())))).toBeCloseTo(golden.contrastive_logistic, 5)
      expect(await number(logisticLoss(margins(features(false))))).toBeCloseTo(
        golden.contrastive_logistic_posterior_mean_net,
        5
      )
      expect(await number(zeroOneLoss(margins(features())))).toBeCloseTo(golden.contrastive_zero_one, 5)
    })

    test('both objectives and their gradients agree', async () => {
      for (const [objective, total, grads] of [
        [iid, golden.loss, golden.grads],
        [dependent, golden.non_iid.objective, golden.non_iid.grads]
      ] as const) {
        const { stage, variables, features, margins, weights } = prepared(golden, objective)
        const loss = (): tf.Tensor => tf.add(logisticLoss(margins(features())), stage.penalty!(variables))
        expect(Math.abs((await number(loss())) / total - 1)).toBeLessThan(1e-5)
        await expectGradients(loss, weights, grads)
      }
      const { stage, variables, weights } = prepared(golden, iid)
      await expectGradients(() => tf.mul(stage.penalty!(variables), params.catoni_lambda_times_m), weights, {
        ...golden.grads_kl,
        prior_log_std: unionIncluded(golden)
      })
    })

    test('divergences and complexities in double precision agree', async () => {
      const { stage, variables } = prepared(golden, iid)
      const posterior = await weighPosterior(stage, variables)
      expect(klDivergence(posterior) / golden.kl).toBeCloseTo(1, 6)
      const { divergence, union, total } = complexityOf([posterior], { delta: params.delta, ...grid })
      expect(divergence / golden.discretised.kl).toBeCloseTo(1, 6)
      expect(union / golden.discretised.union).toBeCloseTo(1, 6)
      expect(total / golden.discretised.complexity).toBeCloseTo(1, 6)
      expect(chiSquareDivergence(posterior, 'prior-posterior') / golden.non_iid.chi_square_as_coded).toBeCloseTo(1, 5)
      const place = params.b * (Math.log(params.c) - 2 * params.prior_log_std)
      const paid = (unionFactor: number, chiSquare: number): number =>
        unionFactor * Math.sqrt(((1 + 4 * params.T) * (chiSquare + 1)) / (24 * params.m * params.delta))
      expect(
        paid(Math.PI * place, chiSquareDivergence(posterior, 'prior-posterior')) / golden.non_iid.complexity
      ).toBeCloseTo(1, 5)
      // Rounded to the grid, to the better side.
      const { unionFactor, chiSquare } = chiSquareComplexityOf([posterior], { direction: 'prior-posterior', ...grid })
      expect(paid(unionFactor, chiSquare)).toBeLessThan(golden.non_iid.complexity)
      expect(Math.abs(unionFactor / Math.PI - place)).toBeLessThan(1)
    })
  })
})

/** The reference's gradient of KL by the prior's deviation, and that of the union bound, −4 / (ln c − 2 ln σ_P). */
function unionIncluded({ grads_kl, params }: BoundCase): GoldenTensor {
  const { shape, data } = grads_kl['prior_log_std']!
  return { shape, data: [Number(data[0]) - 4 / (Math.log(params.c) - 2 * params.prior_log_std)] }
}
