import { checkGiven, type Span } from '@lapstrake/core'

/**
 * How many times less memory spans need than training end to end, if heads cost nothing and nothing but the stages of
 * one span is alive at a time: what all stages hold over what the largest span holds (Xiong et al. 2020, section 4.4,
 * https://arxiv.org/abs/2008.01342).
 *
 * @param shares what each stage holds, in any unit, as `activationBytes` of a plan
 * @throws RangeError if no span holds a stage
 */
export function idealSaving(shares: readonly number[], spans: readonly Span[]): number {
  checkShares('idealSaving', shares, spans)
  const largest = Math.max(0, ...spans.map(({ start, end }) => total(shares.slice(start, end))))
  if (largest === 0) throw new RangeError('idealSaving: expected a span that holds something, got none.')
  return total(shares) / largest
}

/**
 * What a step costs beside training end to end, heads left out. A stage runs forward once, and its weights' gradient is
 * taken once, on what its units' cotangents sum to; only the gradient of its input is taken once for each place where a
 * span that holds it begins. Each of the three costs as much as the stage's forward pass.
 *
 * @param shares multiply-adds of each stage, in any unit
 * @throws RangeError if no stage costs anything
 */
export function idealCost(shares: readonly number[], spans: readonly Span[]): number {
  checkShares('idealCost', shares, spans)
  if (!(total(shares) > 0)) throw new RangeError('idealCost: expected a stage that costs something, got none.')
  const forwardAndWeights = 2 * total(shares)
  const inputs = total(
    shares.map(
      (share, stage) =>
        share * new Set(spans.filter(({ start, end }) => start <= stage && stage < end).map(({ start }) => start)).size
    )
  )
  return (forwardAndWeights + inputs) / (3 * total(shares))
}

function checkShares(who: string, shares: readonly number[], spans: readonly Span[]): void {
  checkGiven(who, 'the share of each stage, as in [2, 1, 1]', shares, 'list')
  checkGiven(who, 'spans, as in [{ start: 0, end: 2 }]', spans, 'list')
  for (const span of spans) checkGiven(who, 'spans, as in [{ start: 0, end: 2 }]', span, 'record')
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0)
