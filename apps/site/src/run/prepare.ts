import { useBackend, type BackendName, type ImageDataset, type Experiment } from 'lapstrake'
import { openData, type OpenData } from './data/open-data.ts'
import { evaluate } from './evaluate.ts'
import { experimentOf } from './experiment-of.ts'
import type { Standing } from './failure.ts'
import { modules } from './modules.ts'
import type { RunRequest, Tell } from './protocol.ts'
import { recipes } from './recipes.ts'

/** What a run needs before its first step. */
export interface Prepared {
  readonly experiment: Experiment
  readonly backend: BackendName
  readonly data: OpenData
}

/** Evaluates the recipe, starts the backend and opens the data, and tells of each; `standing` says which is at work. */
export async function prepare(request: RunRequest, standing: Standing, tell: Tell): Promise<Prepared> {
  standing.blame = 'recipe'
  const sources = { ...recipes, [request.recipe]: request.source }
  const experiment = experimentOf(evaluate(request.recipe, sources, modules))
  standing.blame = 'backend'
  const backend = await startBackend(request, tell)
  standing.blame = 'data'
  const data = await dataOf(request, experiment, tell)
  standing.blame = 'training'
  return { experiment, backend, data }
}

async function startBackend({ backend, acceptSoftware = false }: RunRequest, tell: Tell): Promise<BackendName> {
  const { name, description, refused } = await useBackend(backend, { acceptSoftware })
  tell({ kind: 'backend', name, description, refused })
  return name
}

async function dataOf(request: RunRequest, experiment: Experiment, tell: Tell): Promise<OpenData> {
  const { training, held, skipped } = await openData(request.data, experiment.data, {
    onProgress: (what, done, total) => tell({ kind: 'progress', what, done, total }),
    onWarning: message => tell({ kind: 'warning', message })
  })
  refuseTooFew(experiment, training, held)
  const { name, size, shape, classes } = training
  tell({ kind: 'data', name, size, shape, classes, skipped })
  return { training, held, skipped }
}

/** @throws Error if the images are too few for a single batch */
function refuseTooFew({ batchSize }: Experiment, { size }: ImageDataset, held: ImageDataset): void {
  if (size >= batchSize) return
  throw new Error(
    `data: expected at least ${batchSize} images for a batch, got ${size} to learn from; ` +
      `${held.size} more are kept to look at the network with. ` +
      `Add images, or lower the recipe's batchSize to ${size} or less.`
  )
}
