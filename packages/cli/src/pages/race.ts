import type { StepMetrics } from 'lapstrake'
import type { Readout } from '@lapstrake/runs/node'

/** One way of learning, and how it went. */
export interface Race {
  readonly name: string
  readonly spans: string
  readonly history: readonly StepMetrics[]
  readonly readout: Readout
  readonly millisecondsPerStep: number
  readonly peakBytes: number
}
