import { pick, type Dataset } from 'lapstrake'

/**
 * The examples with labels: a readout learns to name classes, and would say only after it has looked at them all that
 * some have none. How many are left out is said.
 *
 * @throws Error where none has a label
 */
export function labelledOf(dataset: Dataset): Dataset {
  const { name, size, labels, classes } = dataset
  const known = labels === undefined ? undefined : Uint32Array.from(labels.keys()).filter(place => labels[place]! >= 0)
  if (known === undefined || known.length === size) return dataset
  if (known.length === 0)
    throw new Error(
      `evaluate: expected examples with labels, got none in ${name}. Put images into a folder for each class, give ` +
        'their labels in a table with --labels-from, or name labelled data with --data; neighbours shows what a run ' +
        'without labels has learned.'
    )
  process.stderr.write(
    `${name}: ${size - known.length} of ${size} examples have no label and are left out: ` +
      `${known.length} of ${classes.length} classes are read.\n`
  )
  return pick(dataset, known)
}
