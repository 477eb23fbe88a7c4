import { checkOptions } from '@lapstrake/core'
import type { CertificateOptions, SupervisedOptions } from './certificate-options.ts'

/** Refuses what certifies nothing. */
export function checkCertificate(who: string, about: CertificateOptions): void {
  if (!(about?.negatives >= 1))
    throw new Error(
      `${who}: expected a recipe that exports what to certify, got none. Add to its file: ` +
        'export const certificate = { negatives: 1 }; and make its stages stochastic().'
    )
  checkOptions<CertificateOptions>('certificate', about, {
    negatives: 'number',
    examples: 'list',
    unit: 'string',
    dependence: 'number',
    supervised: 'record',
    precision: 'number',
    largestVariance: 'number'
  })
  const { negatives, dependence, supervised } = about
  if (!Number.isInteger(negatives))
    throw new RangeError(`certificate: expected a whole number of negatives above 0, got ${negatives}. Try 1.`)
  if (dependence !== undefined && !(dependence >= negatives))
    throw new RangeError(
      `certificate: expected a dependence of ${negatives} or more, for that many neighbours share an example when ` +
        `every example is an anchor, got ${dependence}. Try ${negatives}.`
    )
  if (supervised !== undefined) checkSupervised(supervised, negatives)
}

function checkSupervised(supervised: SupervisedOptions, negatives: number): void {
  checkOptions<SupervisedOptions>('certificate.supervised', supervised, { sameClass: 'number', longest: 'number' })
  const { sameClass, longest = 1 } = supervised
  if (!(sameClass >= 0 && sameClass < 1))
    throw new RangeError(
      `certificate.supervised: expected sameClass from 0 to below 1, got ${sameClass}. Try 0.1 for ten even classes.`
    )
  if (!(longest > 0 && longest < Infinity))
    throw new RangeError(
      `certificate.supervised: expected embeddings to be at most as long as a number above 0, got ${longest}. Try 1.`
    )
  if (negatives > 1)
    throw new RangeError(
      `certificate.supervised: expected 1 negative, for what is bounded is a classifier between two classes, got ` +
        `${negatives}. Certify with { negatives: 1 }.`
    )
}
