import { checkGiven, checkOptions, type OptionKinds } from '@lapstrake/core'
import type { ChiSquareComplexity, Complexity } from './complexity.ts'
import { checkRisk, klInverse } from './kl-inverse.ts'
import { checkDelta, checkDependence } from './prior-grid.ts'

/** How well the risk of the posterior on the sample is known from draws of its weights. */
export interface MonteCarlo {
  /** Independent draws that the risk is the mean of. */
  readonly draws: number
  /** The chance that the draws mislead. */
  readonly delta?: number | undefined
}

interface CertificateOptions {
  /** The mean zero-one risk on the sample over draws of the weights, 0 to 1. */
  readonly risk: number
  /** Tuples in the sample. */
  readonly sampleSize: number
  /** The chance that the bound fails, which the complexity paid for. */
  readonly delta?: number | undefined
  /** Corrects for the risk being a mean over draws. Without it the certificate is an estimate, not a bound. */
  readonly monteCarlo: MonteCarlo | 'none'
}

export interface RiskCertificateOptions extends CertificateOptions {
  /** As `complexityOf` gives it for `delta`. */
  readonly complexity: Complexity
}

export interface ChiSquareCertificateOptions extends CertificateOptions {
  /** As `chiSquareComplexityOf` gives it. */
  readonly complexity: Pick<ChiSquareComplexity, 'chiSquare' | 'unionFactor'>
  /** How many neighbours on either side a tuple depends on: T. */
  readonly dependence?: number | undefined
}

const kinds: OptionKinds<CertificateOptions> = {
  risk: 'number',
  sampleSize: 'number',
  delta: 'number',
  monteCarlo: ['record', 'string']
}

/** A bound on the risk of a stochastic network. */
export interface Certificate {
  /** The risk is at most this; above 1 or equal to it, nothing is said. */
  readonly bound: number
  /** The chance that this holds. */
  readonly confidence: number
  /** The risk on the sample, corrected for the draws. */
  readonly risk: number
  /** Whether the bound says nothing. */
  readonly vacuous: boolean
  /** Whether the draws are accounted for. */
  readonly rigorous: boolean
}

/**
 * A risk certificate for independent tuples: `kl⁻¹(risk, (complexity + ln(2√m)) / m)`, with the risk first corrected
 * for the draws of the weights by `kl⁻¹(risk, ln(2/δ′) / draws)`.
 *
 * It is for the contrastive zero-one risk of the stochastic network, not for its mean and not for a task downstream.
 *
 * @throws RangeError for options out of range, among them numbers that are none: of what diverged nothing is certified
 * @see Nozawa et al. 2020, theorem 4, https://arxiv.org/abs/1910.04464; the correction: Langford & Caruana 2001,
 * section 3
 */
export function riskCertificate(options: RiskCertificateOptions): Certificate {
  checkOptions('riskCertificate', options, { ...kinds, complexity: 'record' })
  const { risk, complexity, sampleSize, delta = 0.05, monteCarlo } = options
  checkDraws('riskCertificate', monteCarlo)
  checkComplexity('riskCertificate', 'total', complexity?.total)
  const corrected = correct('riskCertificate', { risk, sampleSize, delta, monteCarlo })
  return issue(
    corrected,
    klInverse(corrected.risk, (complexity.total + Math.log(2 * Math.sqrt(sampleSize))) / sampleSize)
  )
}

/**
 * A risk certificate for tuples that depend on their neighbours: `risk + π j √( (1 + 4T) (χ² + 1) / (24 m δ) )`.
 *
 * @throws RangeError for options out of range
 * @see Nozawa et al. 2020, section 3.3, https://arxiv.org/abs/1910.04464
 */
export function chiSquareCertificate(options: ChiSquareCertificateOptions): Certificate {
  checkOptions('chiSquareCertificate', options, { ...kinds, complexity: 'record', dependence: 'number' })
  const { risk, complexity, sampleSize, dependence = 0, delta = 0.05, monteCarlo } = options
  checkDraws('chiSquareCertificate', monteCarlo)
  checkComplexity('chiSquareCertificate', 'chiSquare', complexity?.chiSquare)
  checkComplexity('chiSquareCertificate', 'unionFactor', complexity?.unionFactor)
  checkDependence('chiSquareCertificate', dependence)
  const corrected = correct('chiSquareCertificate', { risk, sampleSize, delta, monteCarlo })
  const { chiSquare, unionFactor } = complexity
  return issue(
    corrected,
    corrected.risk + unionFactor * Math.sqrt(((1 + 4 * dependence) * (chiSquare + 1)) / (24 * sampleSize * delta))
  )
}

/**
 * A certificate in words.
 *
 * @throws TypeError for anything but a certificate
 */
export function sayCertificate(certificate: Certificate): string {
  checkGiven('sayCertificate', 'a certificate, as riskCertificate() gives', certificate, 'record')
  const { bound, confidence, vacuous, rigorous } = certificate
  checkGiven('sayCertificate', 'a certificate with its bound', bound, 'number')
  checkGiven('sayCertificate', 'a certificate with its confidence', confidence, 'number')
  const sentence =
    `With probability ${percent(confidence)} over the draw of the sample, ` +
    `the risk is at most ${bound === Infinity ? '∞' : bound > 1 ? bound.toPrecision(3) : bound.toFixed(3)}.`
  const sentences = [sentence]
  if (vacuous)
    sentences.push(
      'This is vacuous: no risk exceeds 1. Hold the posterior closer to the prior (a smaller ' +
        'inverseTemperature), or take more data.'
    )
  if (!rigorous)
    sentences.push('This is an estimate: the risk is a mean over draws of the weights, and nothing was paid for that.')
  return sentences.join(' ')
}

/**
 * The supervised risk of a mean classifier that a contrastive risk allows: `(risk − τ) / (1 − τ)`. Holds for convex
 * losses that are 1 at a margin of 0 – the logistic and hinge losses here, not the zero-one loss – when positives are
 * drawn from the latent class of their anchor.
 *
 * @param risk a bound on the contrastive loss
 * @param sameClass τ: the chance that a negative is of the anchor's class, one over the number of classes when those
 * are even
 * @throws RangeError for a `sameClass` outside [0, 1), or a risk below 0
 * @see Arora et al. 2019, theorem 4.1, https://arxiv.org/abs/1902.09229
 */
export function supervisedRisk(risk: number, sameClass: number): number {
  if (!(sameClass >= 0 && sameClass < 1))
    throw new RangeError(
      `supervisedRisk: expected sameClass from 0 to below 1, got ${sameClass}. Try 0.1 for ten classes.`
    )
  if (!(risk >= 0)) throw new RangeError(`supervisedRisk: expected a risk of 0 or more, got ${risk}.`)
  return (risk - sameClass) / (1 - sameClass)
}

function checkDraws(who: string, monteCarlo: unknown): void {
  if (monteCarlo === 'none') return
  if (typeof monteCarlo !== 'object' || monteCarlo === null) {
    throw new TypeError(
      `${who}: expected monteCarlo to be { draws } or 'none', got ${JSON.stringify(monteCarlo)}. ` +
        'Say how many draws of the weights the risk is the mean of.'
    )
  }
  checkOptions<MonteCarlo>(who, monteCarlo as MonteCarlo, { draws: 'number', delta: 'number' })
}

/** Infinity is a number here: the certificate is vacuous then. */
function checkComplexity(who: string, name: string, value: number | undefined): void {
  if (typeof value !== 'number' || Number.isNaN(value)) {
    throw new RangeError(
      `${who}: expected a complexity whose ${name} is a number, got ${value}. ` +
        'Take it from complexityOf() of a posterior that did not diverge.'
    )
  }
}

type Corrected = Pick<Certificate, 'risk' | 'confidence' | 'rigorous'>

function correct(
  who: string,
  { risk, sampleSize, delta, monteCarlo }: CertificateOptions & { readonly delta: number }
): Corrected {
  checkRisk(who, risk)
  checkDelta(who, 'delta', delta)
  if (!Number.isInteger(sampleSize) || sampleSize < 1)
    throw new RangeError(`${who}: expected a sampleSize of 1 or more tuples, got ${sampleSize}.`)
  if (monteCarlo === 'none') return { risk, confidence: 1 - delta, rigorous: false }
  const { draws, delta: misled = 0.01 } = monteCarlo
  checkDelta(who, 'the delta of the draws', misled)
  if (!Number.isInteger(draws) || draws < 1)
    throw new RangeError(`${who}: expected 1 or more draws, got ${draws}. Try 1000.`)
  return { risk: klInverse(risk, Math.log(2 / misled) / draws), confidence: 1 - delta - misled, rigorous: true }
}

const issue = (corrected: Corrected, bound: number): Certificate => ({ ...corrected, bound, vacuous: !(bound < 1) })

const percent = (part: number): string => `${Number((100 * part).toFixed(2))} %`
