import { readFileSync } from 'node:fs'
import type { LoaderModule } from 'vitepress'
import { root } from './packages.ts'

/** Races that were run before: what each lane had learned at the end, for each seed from 0. */
export interface RacesBefore {
  readonly command: string
  readonly steps: number
  /** Accuracy on unseen images, 0 to 1, by the name of the lane. */
  readonly accuracies: Readonly<Record<string, readonly number[]>>
}

/** What a page imports from here: the result of `load`. */
export declare const data: RacesBefore

const file = `${root}docs/results/race.json`

const loader: LoaderModule = {
  watch: [file],
  load: (): RacesBefore => ({
    command: 'npm run --silent bench:race',
    ...(JSON.parse(readFileSync(file, 'utf8')) as Omit<RacesBefore, 'command'>)
  })
}
export default loader
