// How long a step takes, one thread: the ways of a comparison in turn, so that a busy moment of the machine meets all
// of them.
import { createTrainer, dispose, own, seeded, viewsOf, type Owned, type State } from 'lapstrake'
import { median, rounded, timed } from '../measuring.ts'
import { cells, dataSets, experimentOf, scales, type Cell } from './design.ts'

/** What is compared with one another: all that differs is where gradients stop. */
export type Comparison = Pick<Cell, 'data' | 'head' | 'blocks' | 'width'>
export const comparisonOf = ({ data, head, blocks, width }: Comparison): string =>
  [data, width, blocks, head].join(', ')

/** Median milliseconds of a step with its augmentation, by comparison and way. */
export type StepTimes = Readonly<Record<string, Readonly<Record<string, number>>>>

export async function measureStepTimes(repeats: number, onProgress: (message: string) => void): Promise<StepTimes> {
  const firsts = cells.filter(({ seed }) => seed === 0)
  const times: Record<string, Record<string, number>> = {}
  for (const name of new Set(firsts.map(comparisonOf))) {
    const compared = firsts.filter(cell => comparisonOf(cell) === name)
    const contenders = compared.map(contender)
    const found = contenders.map((): number[] => [])
    for (const { step } of contenders) step()
    for (let repeat = 0; repeat < repeats; repeat++) {
      for (const [i, { step }] of contenders.entries()) found[i]!.push(await timed(step))
    }
    for (const { stop } of contenders) stop()
    times[name] = Object.fromEntries(compared.map(({ method }, i) => [method, rounded(median(found[i]!))]))
    onProgress(
      `${name}: ${Object.entries(times[name])
        .map(([method, ms]) => `${method} ${ms} ms`)
        .join(', ')}`
    )
  }
  return times
}

function contender(cell: Cell): { step(): void; stop(): void } {
  const { size, channels } = dataSets[cell.data]
  const experiment = experimentOf(cell, scales.full)
  const trainer = createTrainer(experiment, { inputShape: [size, size, channels] })
  const random = seeded(0)
  let state: Owned<State> = trainer.init(random)
  const pixels = random.uniform([scales.full.batchSize, size, size, channels])
  return {
    step() {
      const batch = own(() => ({ views: viewsOf(experiment.views, pixels, random) }))
      const { state: next, losses, embeddings, gradientNorms } = trainer.step(state, batch)
      state = next
      dispose(batch)
      dispose(losses)
      dispose(embeddings)
      dispose(gradientNorms)
    },
    stop() {
      dispose(state)
      pixels.dispose()
    }
  }
}
