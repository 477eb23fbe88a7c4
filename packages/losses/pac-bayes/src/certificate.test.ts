import { describe, expect, test } from 'vitest'
import golden from './golden/certificate.json' with { type: 'json' }
import {
  catoniBound,
  catoniGrid,
  binaryKL,
  chiSquareCertificate,
  chiSquareComplexityOf,
  chiSquareDivergence,
  complexityOf,
  klDivergence,
  klInverse,
  riskCertificate,
  sayCertificate,
  supervisedRisk
} from './index.ts'

interface CatoniCase {
  readonly name: string
  readonly params: { readonly empirical_zero_one: number; readonly complexity: number; readonly m: number }
  readonly loss: number
  readonly best_lambda_times_m_on_integer_grid_10_to_1e7: number
  readonly at_lambda: readonly { readonly lambda_times_m: number; readonly bound: number }[]
  readonly derived: { readonly kl_inverse_bound: number }
}
const catoni = golden.cases.filter(({ kind }) => kind === 'catoni_certificate') as unknown as CatoniCase[]

describe.each(catoni)(
  '$name',
  ({ params, loss, best_lambda_times_m_on_integer_grid_10_to_1e7: best, at_lambda, derived }) => {
    const options = { risk: params.empirical_zero_one, complexity: params.complexity, sampleSize: params.m }

    test("Catoni's bound agrees with the reference, and its grid with the inverse of kl", () => {
      for (const { lambda_times_m, bound } of at_lambda)
        expect(catoniBound(options, lambda_times_m)).toBeCloseTo(bound, 10)
      const grid = catoniGrid(options)
      expect(grid.bound).toBeCloseTo(loss, 10)
      expect(grid.inverseTemperature).toBe(best)
      const { bound } = riskCertificate({
        ...options,
        complexity: { divergence: 0, union: 0, total: params.complexity },
        monteCarlo: 'none'
      })
      expect(bound).toBeCloseTo(derived.kl_inverse_bound, 10)
      expect(Math.abs(bound - grid.bound)).toBeLessThan(1e-9)
    })
  }
)

test('the certificate for dependent tuples agrees with the reference', () => {
  const { params, loss } = golden.cases.find(({ kind }) => kind === 'non_iid_certificate') as unknown as {
    params: {
      empirical_zero_one: number
      union_pi_times_j: number
      chi_square: number
      m: number
      T: number
      delta: number
    }
    loss: number
  }
  const { bound, vacuous } = chiSquareCertificate({
    risk: params.empirical_zero_one,
    sampleSize: params.m,
    dependence: params.T,
    delta: params.delta,
    monteCarlo: 'none',
    complexity: { chiSquare: params.chi_square, unionFactor: params.union_pi_times_j }
  })
  expect(bound).toBeCloseTo(loss, 9)
  expect(vacuous).toBe(true)
})

// Nozawa et al. 2020, table 2: the risk on the sample, KL and the bound, means over three seeds; the priors' deviations
// began at e^−4.
test.each([
  ['CIFAR-100, selected by the bound', 0.323, 1333, 50_000, 0.437],
  ['AUSLAN, selected by the bound', 0.267, 2054, 102_600, 0.361],
  ['CIFAR-100, selected by validation', 0.172, 32_756, 47_500, 0.733]
])('the published bound comes out of the published inputs: %s', (_, risk, divergence, sampleSize, published) => {
  const { union } = complexityOf([{ shift: new Float64Array(), logStd: new Float64Array(), priorLogStd: -4 }])
  const { bound } = riskCertificate({
    risk,
    complexity: { divergence, union, total: divergence + union },
    sampleSize,
    monteCarlo: 'none'
  })
  expect(Math.abs(bound - published)).toBeLessThan(1e-3)
})

describe('the inverse of kl', () => {
  test.each([
    [0, 0.1],
    [0.1, 0],
    [0.3, 0.02],
    [0.5, 3],
    [1, 1]
  ])('of %d and %d nats gives them back', (risk, budget) => {
    const p = klInverse(risk, budget)
    expect(p).toBeGreaterThanOrEqual(risk)
    expect(p).toBeLessThanOrEqual(1)
    if (p < 1) expect(binaryKL(risk, p)).toBeCloseTo(budget, 9)
  })

  test('of a risk of 0 is 1 − e^−budget', () => expect(klInverse(0, 0.25)).toBeCloseTo(1 - Math.exp(-0.25), 12))

  test('wants a risk and a budget', () => {
    expect(() => klInverse(1.2, 0.1)).toThrow('klInverse: expected a risk from 0 to 1, got 1.2.')
    expect(() => klInverse(0.2, NaN)).toThrow('klInverse: expected a budget of 0 or more nats, got NaN.')
  })
})

const posterior = { shift: Float64Array.of(0.01, -0.02, 0), logStd: Float64Array.of(-4.2, -3.9, -4), priorLogStd: -4 }

describe('divergences in double precision', () => {
  /** ∫ f(x) dx over a wide interval, by the midpoint rule. */
  const integral = (f: (x: number) => number): number => {
    let sum = 0
    for (let x = -1; x < 1; x += 1e-5) sum += f(x + 5e-6) * 1e-5
    return sum
  }
  const density =
    (mean: number, std: number) =>
    (x: number): number =>
      Math.exp(-(((x - mean) / std) ** 2) / 2) / (std * Math.sqrt(2 * Math.PI))
  const densities = [...posterior.shift].map(
    (mean, i) => [density(mean, Math.exp(posterior.logStd[i]!)), density(0, Math.exp(-4))] as const
  )

  test('are the integrals that define them', () => {
    const kl = densities.reduce(
      (sum, [q, p]) => sum + integral(x => (q(x) < 1e-200 ? 0 : q(x) * Math.log(q(x) / p(x)))),
      0
    )
    expect(klDivergence(posterior) / kl).toBeCloseTo(1, 6)
    const chi = (of: (q: number, p: number) => number): number =>
      densities.reduce((product, [q, p]) => product * integral(x => of(q(x), p(x))), 1) - 1
    expect(
      chiSquareDivergence(posterior, 'posterior-prior') / chi((q, p) => (p < 1e-250 ? 0 : q ** 2 / p))
    ).toBeCloseTo(1, 6)
    expect(
      chiSquareDivergence(posterior, 'prior-posterior') / chi((q, p) => (q < 1e-250 ? 0 : p ** 2 / q))
    ).toBeCloseTo(1, 6)
  })

  test('of a posterior that is the prior are 0', () => {
    const same = { shift: new Float64Array(3), logStd: new Float64Array(3).fill(-4), priorLogStd: -4 }
    expect(klDivergence(same)).toBeCloseTo(0, 12)
    expect(chiSquareDivergence(same, 'posterior-prior')).toBeCloseTo(0, 12)
  })

  test('ln(1 + χ²) is finite where χ² is beyond a double, and of several posteriors a sum', () => {
    const far = { ...posterior, shift: Float64Array.of(1, 1, 1) }
    const [one, two] = [chiSquareComplexityOf([far]), chiSquareComplexityOf([far, far])]
    expect(one.chiSquare).toBe(Infinity)
    expect(one.logChiSquare).toBeGreaterThan(Math.log(Number.MAX_VALUE))
    expect(two.logChiSquare).toBeCloseTo(2 * one.logChiSquare, 6)
    const near = chiSquareComplexityOf([posterior])
    expect(near.chiSquare).toBeCloseTo(Math.expm1(near.logChiSquare), 12)
  })

  test('χ² is infinite where the deviations do not allow it', () => {
    const wide = { ...posterior, logStd: Float64Array.of(-3, -4, -4) }
    expect(chiSquareDivergence(wide, 'posterior-prior')).toBe(Infinity)
    expect(Number.isFinite(chiSquareDivergence(wide, 'prior-posterior'))).toBe(true)
  })
})

describe('a certificate', () => {
  const complexity = complexityOf([posterior])

  test('pays once for its chance of failure, and for the choice of each prior', () => {
    const [one, two] = [complexityOf([posterior]), complexityOf([posterior, posterior])]
    const union = 2 * Math.log(570) + Math.log(Math.PI ** 2 / 6)
    expect(one.union).toBeCloseTo(union + Math.log(20), 1)
    expect(two.union - one.union).toBeCloseTo(union, 1)
    expect(two.divergence).toBeCloseTo(2 * one.divergence, 9)
  })

  test('corrects for draws, the more the fewer there are', () => {
    const bound = (monteCarlo: { draws: number } | 'none'): number =>
      riskCertificate({ risk: 0.1, complexity, sampleSize: 10_000, monteCarlo }).bound
    expect(bound('none')).toBeLessThan(bound({ draws: 100_000 }))
    expect(bound({ draws: 100_000 })).toBeLessThan(bound({ draws: 100 }))
  })

  test('reads as a sentence', () => {
    const certificate = riskCertificate({
      risk: 0.1,
      complexity,
      sampleSize: 10_000,
      delta: 0.04,
      monteCarlo: { draws: 2000 }
    })
    expect(sayCertificate(certificate)).toMatch(
      /^With probability 95 % over the draw of the sample, the risk is at most 0\.1\d\d\.$/
    )
    const vacuous = chiSquareCertificate({
      risk: 0.1,
      complexity: { chiSquare: 1e6, unionFactor: 1800 },
      sampleSize: 100,
      monteCarlo: 'none'
    })
    expect(sayCertificate(vacuous)).toContain('This is vacuous')
    expect(sayCertificate(vacuous)).toContain('This is an estimate')
  })

  test('wants probabilities, a sample and a prior on the grid', () => {
    const options = { risk: 0.1, complexity, sampleSize: 100, monteCarlo: 'none' } as const
    expect(() => riskCertificate({ ...options, risk: 2 })).toThrow(
      'riskCertificate: expected a risk from 0 to 1, got 2. Bound a zero-one loss.'
    )
    expect(() => riskCertificate({ ...options, delta: 0 })).toThrow('riskCertificate: expected delta between 0 and 1')
    expect(() => riskCertificate({ ...options, sampleSize: 0 })).toThrow(
      'expected a sampleSize of 1 or more tuples, got 0.'
    )
    expect(() => riskCertificate({ ...options, monteCarlo: { draws: 0 } })).toThrow('expected 1 or more draws, got 0.')
    expect(() => complexityOf([{ ...posterior, priorLogStd: 0 }])).toThrow(
      'certificate: expected priors with a variance below 0.1, got 1.'
    )
  })
})

describe('of what diverged nothing is certified', () => {
  const complexity = complexityOf([posterior])
  const options = { sampleSize: 100, monteCarlo: 'none' } as const
  test.each<[string, () => unknown, string]>([
    [
      'a mean that is no number',
      () => complexityOf([{ ...posterior, shift: Float64Array.of(0, NaN, 0) }]),
      'certificate: expected a posterior of finite numbers, got one that diverged.'
    ],
    [
      'a deviation that is no number',
      () => chiSquareComplexityOf([{ ...posterior, logStd: Float64Array.of(NaN, 0, 0) }]),
      'certificate: expected a posterior of finite numbers, got one that diverged.'
    ],
    [
      'a risk',
      () => riskCertificate({ ...options, risk: NaN, complexity }),
      'riskCertificate: expected a risk from 0 to 1, got NaN.'
    ],
    [
      'a complexity',
      () => riskCertificate({ ...options, risk: 0, complexity: { ...complexity, total: NaN } }),
      'riskCertificate: expected a complexity whose total is a number, got NaN.'
    ],
    [
      'a χ²',
      () => chiSquareCertificate({ ...options, risk: 0, complexity: { chiSquare: NaN, unionFactor: 1 } }),
      'chiSquareCertificate: expected a complexity whose chiSquare is a number, got NaN.'
    ],
    [
      'a union factor',
      () => chiSquareCertificate({ ...options, risk: 0, complexity: { chiSquare: 0, unionFactor: NaN } }),
      'chiSquareCertificate: expected a complexity whose unionFactor is a number, got NaN.'
    ],
    [
      'a dependence',
      () =>
        chiSquareCertificate({ ...options, risk: 0, complexity: { chiSquare: 0, unionFactor: 1 }, dependence: NaN }),
      'chiSquareCertificate: expected a dependence of 0 or more, got NaN.'
    ],
    [
      "Catoni's complexity",
      () => catoniBound({ risk: 0, complexity: NaN, sampleSize: 100 }, 10),
      'catoniBound: expected a complexity above 0, got NaN.'
    ]
  ])('%s', (_, act, message) => expect(act).toThrow(message))

  test('an infinite χ² is vacuous', () => {
    const infinite = { chiSquare: Infinity, unionFactor: 1 }
    const { bound, vacuous } = chiSquareCertificate({ ...options, risk: 0, complexity: infinite })
    expect([bound, vacuous]).toEqual([Infinity, true])
  })

  test('draws are counted, or said to be none', () => {
    const given = { ...options, risk: 0, complexity }
    expect(() => riskCertificate({ ...given, monteCarlo: 'all' as 'none' })).toThrow(
      'riskCertificate: expected monteCarlo to be { draws } or \'none\', got "all".'
    )
    expect(() => riskCertificate({ ...given, monteCarlo: { drawn: 3 } as unknown as 'none' })).toThrow(
      'riskCertificate: expected options among draws, delta, got drawn.'
    )
  })
})

test('the supervised risk that a contrastive one allows', () => {
  expect(supervisedRisk(0.3, 0.1)).toBeCloseTo(0.2 / 0.9, 12)
  expect(() => supervisedRisk(0.3, 1)).toThrow(
    'supervisedRisk: expected sameClass from 0 to below 1, got 1. Try 0.1 for ten classes.'
  )
  expect(() => supervisedRisk(-1, 0.1)).toThrow('supervisedRisk: expected a risk of 0 or more, got -1.')
})
