// What `train` says before the first step.
import { isImageDataset, type Dataset, type Experiment, type SavedRun } from 'lapstrake'
import { settableIn, type RunOptions } from '@lapstrake/runs/node'

/** What a run learns from, and what of it whole batches leave over. */
export const dataSaid = (experiment: Experiment, dataset: Dataset): string =>
  `Data: ${dataset.name}, ${dataset.size} training examples` +
  `${isImageDataset(dataset) ? ` of ${dataset.shape.join(' × ')}` : ''}` +
  `${classesOf(dataset)}.${leftOver(experiment, dataset)}\n`

const classesOf = ({ classes }: Dataset): string =>
  classes.length === 0 ? ' without classes' : ` in ${classes.length} classes`

/** What a whole number of batches leaves over. */
function leftOver({ batchSize }: Experiment, { size }: Dataset): string {
  const over = size % batchSize
  return over === 0 || size < batchSize
    ? ''
    : ` In batches of ${batchSize} each epoch leaves out ${over}, others each time.`
}

/** Where a run goes on. */
export const goingOn = ({ step, first = 0 }: SavedRun, planned: number): string =>
  first > 0
    ? 'Going on with what is trained first.\n'
    : step < planned
      ? `Going on behind step ${step}.\n`
      : `All ${planned} steps were taken: nothing is left to train. For more, give it more --epochs.\n`

/** What `--epochs` does not reach, where there is such a thing. */
export function outOfReach(experiment: Experiment, { epochs }: RunOptions): string {
  const places = settableIn(experiment).filter(place => place.endsWith('.epochs'))
  if (epochs === undefined || places.length === 0) return ''
  const typed = places.map(place => `--set ${place}=${epochs}`).join(' ')
  return `--epochs is of the run itself; what is trained first keeps its own. To set that, too: ${typed}\n`
}
