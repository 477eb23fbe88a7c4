import {
  collectLevels,
  dispose,
  LacksPart,
  meanClassifier,
  type Dataset,
  type MeanClassifierResult,
  type Variables
} from 'lapstrake'
import { dataOfRun } from './data-of-run.ts'
import type { OpenRun } from '@lapstrake/runs/node'

export interface NamedMeanClassifier extends MeanClassifierResult {
  readonly name: string
}

/**
 * Raw inputs, the untrained network and the trained one, each as a mean classifier reads it at the top; none for data
 * that nobody names classes of, or without a part to test with.
 */
export async function meanClassifiersOf(
  run: OpenRun,
  data: string | undefined
): Promise<readonly NamedMeanClassifier[]> {
  const training = await dataOfRun(run, 'train', data)
  const testing = await dataOfRun(run, 'test', data).catch((error: unknown) => {
    if (!(error instanceof LacksPart)) throw error
    return undefined
  })
  if (testing === undefined || !named(training) || !named(testing)) return []
  const { network, trained } = run
  const top = network.shapes.length - 1
  const read = async (variables: readonly Variables[], levels: readonly number[]): Promise<MeanClassifierResult[]> => {
    const [known, asked] = [await features(training), await features(testing)]
    return levels.map((_, i) => meanClassifier(known[i]!, asked[i]!))
    function features(dataset: Dataset): ReturnType<typeof collectLevels> {
      return collectLevels(dataset, (input, context) => network.levels(variables, input, { which: levels, context }), {
        pool: place => (levels[place] === 0 ? 'flatten' : 'mean')
      })
    }
  }
  const untrained = run.untrained()
  const [pixels, before] = await read(untrained, [0, top])
  dispose(untrained)
  const [after] = await read(trained, [top])
  return [
    { name: 'raw pixels', ...pixels! },
    { name: 'untrained, top', ...before! },
    { name: `${run.manifest.name}, top`, ...after! }
  ]
}

const named = ({ labels }: Dataset): boolean => labels?.every(label => label >= 0) ?? false
