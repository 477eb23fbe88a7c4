import type * as tf from '@tensorflow/tfjs-core'
import { bitsOf } from '../engine.ts'
import type { Native, Natives } from './kernel.ts'
import { fillBlock } from './movement.ts'

/** Rows of a tile; as in assembly/contrast.ts. */
const side = 64

/** Blocks of rows at most: enough for threads to share a round, few enough for a round to be worth it. */
const mostBlocks = 32

/** Bytes that similarities may take: where all of them fit, they are not computed again. */
const mostBytes = 1e7

/** Less than any similarity. */
const lowest = -3.4028234e38

/**
 * `Σ cᵢ (log Σ exp(zᵢ · zⱼ / t) − aᵢ)`, the inner sum over all `j` other than `i`, and its slope for `z`: of rows
 * `z [n, dim]`, two or more, of which the first ask and have weights `c` and attractions `a`.
 */
const contrastRows: Native = ({ inputs, attrs, backend }) => {
  const { rows, attracted, weights } = inputs as Record<'rows' | 'attracted' | 'weights', tf.TensorInfo>
  const temperature = Number(attrs.temperature)
  const [n, dim] = rows.shape as [number, number]
  const asking = weights.shape[0]!
  const { engine } = backend
  const [value, slope] = [backend.allocate([]), fillBlock(backend, backend.allocate([n, dim]), 0)]
  const [rowsAt, attractedAt, weightsAt, valueAt, slopeAt] = [rows, attracted, weights, value, slope].map(info =>
    backend.addressOf(info)
  ) as [number, number, number, number, number]

  const wide = 8 * Math.ceil(n / 8)
  const lines = Math.ceil(n / side)
  const size = side * Math.ceil(lines / mostBlocks)
  const blocks = Math.ceil(n / size)
  const threadBytes = 2 * 4 * side * side + 64
  const bytesOfAll = 2 * side * side * lines * (lines + 1)
  const kept = bytesOfAll <= mostBytes ? bytesOfAll : 0
  engine.withScratch(4 * wide * dim, panels =>
    engine.withScratch(32 * n * Math.ceil(dim / 8), numbers =>
      engine.withScratch(8 * wide, largest =>
        engine.withScratch(kept + engine.threads * threadBytes, tiles => {
          const totals = largest + 4 * wide
          const zeros = engine.zeros(4)
          const { floats } = engine
          const meet = (slopes: number, operations: number): void => {
            for (let round = 0; round < blocks; round++) {
              engine.run(
                'contrast',
                [
                  panels,
                  n,
                  dim,
                  asking,
                  size,
                  blocks,
                  round,
                  bitsOf(1 / temperature),
                  largest,
                  totals,
                  tiles + kept,
                  threadBytes,
                  kept && tiles,
                  numbers,
                  slopes
                ],
                1 + (round >> 1) + ((round + blocks) >> 1) - round,
                operations * n * size * dim
              )
            }
          }
          engine.run('packPanels', [rowsAt, panels, zeros, 1, dim, n, 1, dim], wide / 8, n * dim)
          engine.run('packPanels', [rowsAt, numbers, zeros, 1, n, dim, dim, 1], Math.ceil(dim / 8), n * dim)
          floats.fill(lowest, largest / 4, totals / 4)
          floats.fill(0, totals / 4, totals / 4 + wide)
          meet(0, 1)
          let sum = 0
          for (let i = 0; i < asking; i++) {
            const [weight, attraction, most, total] = [weightsAt / 4, attractedAt / 4, largest / 4, totals / 4].map(
              start => floats[start + i]!
            ) as [number, number, number, number]
            sum += weight * (most / temperature + Math.log(total) - attraction)
            floats[totals / 4 + i] = weight / (total * temperature)
          }
          floats.fill(0, totals / 4 + asking, totals / 4 + wide)
          floats[valueAt / 4] = sum
          meet(slopeAt, kept > 0 ? 2 : 3)
        })
      )
    )
  )
  return [value, slope]
}

/** For each of the rows `[n, dim]`, the sum of those of its class; a row of a class below 0 is alone. */
const sumsOfClasses: Native = ({ inputs, backend }) => {
  const { rows, labels } = inputs as Record<'rows' | 'labels', tf.TensorInfo>
  const [n, dim] = rows.shape as [number, number]
  const result = backend.allocate([n, dim])
  const [source, classes, target] = [rows, labels, result].map(info => backend.addressOf(info) / 4) as [
    number,
    number,
    number
  ]
  const { floats, ints } = backend.engine
  const sums = new Map<number, Float64Array>()
  for (let i = 0; i < n; i++) {
    const label = ints[classes + i]!
    let sum = sums.get(label)
    if (sum === undefined) sums.set(label, (sum = new Float64Array(dim)))
    for (let d = 0; d < dim; d++) sum[d]! += floats[source + i * dim + d]!
  }
  for (let i = 0; i < n; i++) {
    const label = ints[classes + i]!
    floats.set(
      label < 0 ? floats.subarray(source + i * dim, source + (i + 1) * dim) : sums.get(label)!,
      target + i * dim
    )
  }
  return result
}

/** What contrastive losses are made of; the project's own functions ask for them where they are. */
export const contrast: Natives = { ContrastRows: contrastRows, SumsOfClasses: sumsOfClasses }
