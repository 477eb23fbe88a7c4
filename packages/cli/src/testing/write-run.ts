import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { StepMetrics } from 'lapstrake'
import { type Manifest, lineOf } from '@lapstrake/runs/node'
import { sealJson } from 'lapstrake/node'

export interface WrittenRun {
  readonly name: string
  readonly seed: number
  /** The loss of the one unit at each step. */
  readonly losses: readonly number[]
  readonly planned?: number
}

/** The lines of a run of one unit over two stages, which looks at its last step. */
export const linesOf = ({ losses, planned = losses.length }: WrittenRun): readonly string[] =>
  losses.map((loss, i) =>
    lineOf({
      step: i + 1,
      steps: planned,
      epoch: 0,
      losses: { unit0: loss },
      milliseconds: 8,
      waited: 2,
      peakBytes: 2e6,
      ...(i === losses.length - 1 && {
        diagnoses: {
          unit0: {
            positiveSimilarity: 0.9,
            negativeSimilarity: 0.1,
            alignment: 0.2,
            uniformity: -2,
            topOne: 0.5,
            deviation: 0.3,
            effectiveRank: 6,
            gradientNorm: 1
          }
        },
        stages: [
          { gradientNorm: 1, updateRatio: 0.001, neighbours: 0.4 },
          { gradientNorm: 2, updateRatio: 0.002, neighbours: 0.6 }
        ]
      })
    } satisfies StepMetrics)
  )

/** Writes what a run would have. */
export function writeRun(path: string, run: WrittenRun, more: Partial<Manifest> = {}): void {
  mkdirSync(path, { recursive: true })
  const { name, seed, losses, planned = losses.length } = run
  const manifest: Manifest = {
    format: 2,
    name,
    recipe: '../recipe.ts',
    data: 'shapes',
    examples: 64,
    inputShape: [28, 28, 3],
    seed,
    backend: 'wasm – one thread',
    versions: {},
    madeBy: 'somebody',
    started: '2026-01-01T00:00:00.000Z',
    dataHash: '0',
    options: {},
    checksums: {},
    steps: [losses.length, planned],
    finished: losses.length === planned,
    stages: ['low', 'a < b'],
    spans: [{ start: 0, end: 2 }]
  }
  writeFileSync(join(path, 'manifest.json'), sealJson({ ...manifest, ...more }))
  writeFileSync(
    join(path, 'run.jsonl'),
    linesOf(run)
      .map(line => `${line}\n`)
      .join('')
  )
}
