import { sayCertificate, type Certified, type ValidationLoss } from 'lapstrake'
import type { NamedMeanClassifier } from './mean-classifiers.ts'
import { table } from '../terminal/table.ts'
import { UsageError } from '../terminal/usage-error.ts'

/** By what one of several runs is chosen. */
const criteria = ['bound', 'stochastic', 'deterministic'] as const
export type Criterion = (typeof criteria)[number]

/** A run and what is known about it. */
export interface Judged {
  readonly run: string
  readonly certificate: Certified
  /** Where runs are chosen by it. */
  readonly validation?: ValidationLoss | undefined
}

/** Which run was chosen, what its certificate says and what went into it, and how a mean classifier reads. */
export function certificateSaid(
  judged: readonly Judged[],
  chosen: Judged,
  criterion: Criterion,
  means: readonly NamedMeanClassifier[],
  draws: number
): string {
  const { certificate } = chosen
  return [
    ...(judged.length === 1 ? [] : [choiceSaid(judged, chosen, criterion)]),
    `${sayCertificate(certificate)}${certificate.vacuous ? '' : guess(certificate.bound)}`,
    ...(certificate.supervised === undefined ? [] : [supervisedSaid(certificate.supervised)]),
    partsOf(certificate, draws),
    ...(means.length === 0 ? [] : [meansSaid(means)])
  ].join('\n\n')
}

const guess = (bound: number): string => (bound < 0.5 ? '' : ' It does not exclude guessing, which errs half the time.')

function choiceSaid(judged: readonly Judged[], { run }: Judged, criterion: Criterion): string {
  const by = criterion === 'bound' ? 'bound' : `${criterion} validation loss`
  const validated = judged.some(({ validation }) => validation !== undefined)
  const rows = judged.map(({ run, certificate: { bound, testRisk, complexity }, validation }) => [
    run,
    number(bound),
    testRisk?.toFixed(4) ?? '',
    complexity.divergence.toFixed(1),
    ...(validation === undefined ? [] : [validation.stochastic.toFixed(4), validation.deterministic.toFixed(4)])
  ])
  const columns = ['run', 'bound', 'risk, unseen', 'KL, nats', ...(validated ? ['stochastic', 'deterministic'] : [])]
  return (
    `Of ${judged.length} runs, ${run} has the least ${by}. The bounds of all hold at once.\n\n` + table(columns, rows)
  )
}

function supervisedSaid({ bound, vacuous }: NonNullable<Certified['supervised']>): string {
  const sentence =
    'Where positives are drawn from the class of their anchor, a mean classifier between two classes errs at most ' +
    `${number(bound)} of the time.`
  return `${sentence}${vacuous ? ' This is vacuous.' : guess(bound)}`
}

function partsOf(certificate: Certified, draws: number): string {
  const {
    complexity,
    chiSquare,
    sampleSize,
    draws: drawn,
    empiricalRisk,
    risk,
    bound,
    testRisk,
    supervised
  } = certificate
  return table(
    ['of the contrastive zero-one risk', ''],
    [
      ['bound', number(bound)],
      ['by guessing', '0.5000'],
      ['on unseen data, measured', testRisk?.toFixed(4) ?? 'no such data'],
      ['on the sample, mean of the draws', empiricalRisk.toFixed(4)],
      [`on the sample, at most (${drawn} draws${drawn < draws ? ', one a tuple' : ''})`, risk.toFixed(4)],
      ['distance from the prior, nats', complexity.divergence.toFixed(1)],
      ...(chiSquare === undefined
        ? [['choice of the prior and certainty, nats', complexity.union.toFixed(1)]]
        : [
            ['distance from the prior, ln(1 + χ²)', number(chiSquare.logChiSquare, 1)],
            ['choice of the prior, a factor', chiSquare.unionFactor.toPrecision(3)]
          ]),
      ['tuples in the sample', String(sampleSize)],
      ...(supervised === undefined
        ? []
        : [
            ['bound on the contrastive hinge loss', number(supervised.hinge)],
            ['contrastive hinge loss on unseen data, measured', supervised.testHinge?.toFixed(4) ?? 'no such data']
          ])
    ]
  )
}

const meansSaid = (means: readonly NamedMeanClassifier[]): string =>
  table(
    ['mean classifier, %', 'two classes', 'top 1', 'top 5'],
    means.map(({ name, avg2, top1, top5 }) => [name, ...[avg2, top1, top5].map(part => (100 * part).toFixed(1))])
  )

const number = (value: number, digits = 4): string =>
  value === Infinity ? '∞' : value < 1e4 ? value.toFixed(digits) : value.toExponential(2)

/** What `--select` names. */
export function criterionOf(given: string): Criterion {
  const criterion = criteria.find(name => name === given)
  if (criterion === undefined) throw new UsageError(`--select: expected one of ${criteria.join(', ')}, got ${given}.`)
  return criterion
}

/** The certificate of one run; of several all of them, and which was chosen. */
export const asJson = (
  judged: readonly Judged[],
  chosen: Judged,
  criterion: Criterion,
  means: readonly NamedMeanClassifier[]
): object =>
  judged.length === 1
    ? { ...chosen.certificate, validation: chosen.validation, meanClassifiers: means }
    : { chosen: chosen.run, by: criterion, runs: judged, meanClassifiers: means }
