import { contrastRows } from '@lapstrake/kernels'
import { bitsOf } from '../engine.ts'
import { implement, type Implementation } from './kernel.ts'
import { fillBlock } from './movement.ts'

/** Rows of a tile; as in assembly/contrast.ts. */
const side = 64

/** Blocks of rows at most: enough for threads to share a round, few enough for a round to be worth it. */
const mostBlocks = 32

/** Bytes that similarities may take: where all of them fit, they are not computed again. */
const mostBytes = 1e7

/** Less than any similarity. */
const lowest = -3.4028234e38

const ofRows = implement(contrastRows, ({ rows, attracted, weights }, { temperature }, backend) => {
  const [n, dim] = rows.shape as [number, number]
  const asking = weights.shape[0]!
  const { engine } = backend
  const [costs, slope] = [backend.allocate([asking]), fillBlock(backend, backend.allocate([n, dim]), 0)]
  const [rowsAt, attractedAt, weightsAt, costsAt, slopeAt] = [rows, attracted, weights, costs, slope].map(info =>
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
          for (let i = 0; i < asking; i++) {
            const [weight, attraction, most, total] = [weightsAt / 4, attractedAt / 4, largest / 4, totals / 4].map(
              start => floats[start + i]!
            ) as [number, number, number, number]
            floats[costsAt / 4 + i] = most / temperature + Math.log(total) - attraction
            floats[totals / 4 + i] = weight / (total * temperature)
          }
          floats.fill(0, totals / 4 + asking, totals / 4 + wide)
          meet(slopeAt, kept > 0 ? 2 : 3)
        })
      )
    )
  )
  return [costs, slope] as const
})

/** What contrastive losses are made of. */
export const contrast: readonly Implementation[] = [ofRows]
