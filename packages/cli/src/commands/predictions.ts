import type { Unreadable } from 'lapstrake'
import type { OpenRun } from '@lapstrake/runs/node'
import { percent } from '../terminal/percent.ts'
import { table } from '../terminal/table.ts'
import type { Classifier } from './classifier-of.ts'
import { embedded } from './embedded.ts'
import { cell } from './feature-file.ts'
import type { Pictures } from './pictures.ts'

/** What an image is taken for. */
export interface Prediction {
  readonly file: string
  /** Its class, where its folder is one. */
  readonly label?: string | undefined
  /** The most probable first. */
  readonly classes: readonly { readonly class: string; readonly probability: number }[]
}

export interface PredictionsOptions {
  /** Classes of each image. */
  readonly top: number
  readonly batch: number | undefined
  readonly say: (what: string) => void
  readonly onUnreadable: (unreadable: Unreadable) => void
}

/** Asks a classifier about images, one after another. */
export async function* predictions(
  run: OpenRun,
  { classes, probabilities }: Classifier,
  { images, labels, nameOf }: Pictures,
  { top, batch, say, onUnreadable }: PredictionsOptions
): AsyncGenerator<Prediction, void, void> {
  for await (const part of embedded(run, images, { batch, rowsOf: probabilities, onUnreadable })) {
    for (const [i, place] of part.places.entries()) {
      const row = part.rows.subarray(i * part.dim, (i + 1) * part.dim)
      const order = Array.from(row.keys()).sort((a, b) => row[b]! - row[a]! || a - b)
      yield {
        file: nameOf(place),
        ...(labels && { label: images.classes[labels[place]!] }),
        classes: order.slice(0, top).map(label => ({ class: classes[label]!, probability: row[label]! }))
      }
    }
    say(`${part.done} of ${images.size} images`)
  }
}

/** How often the most probable class is that of the folder, of those whose folder is a class that is known. */
export interface Accuracy {
  readonly right: number
  readonly images: number
}

export function accuracyOf(predicted: readonly Prediction[], classes: readonly string[]): Accuracy | undefined {
  const known = predicted.filter(({ label }) => label !== undefined && classes.includes(label))
  if (known.length === 0) return undefined
  return { right: known.filter(({ label, classes }) => classes[0]!.class === label).length, images: known.length }
}

/** A line an image. */
export const predictionTable = (predicted: readonly Prediction[]): string =>
  table(
    ['file', ...predicted[0]!.classes.flatMap(() => ['class', 'probability'])],
    predicted.map(({ file, classes }) => [file, ...classes.flatMap(one => [one.class, percent(one.probability)])])
  )

/** The same as a file, with the class of the folder where it is one. */
export function predictionCsv(predicted: readonly Prediction[]): string {
  const [{ label, classes }] = predicted as [Prediction]
  const more = classes.slice(1).map((_, i) => `class${i + 2},probability${i + 2}`)
  const head = ['file', ...(label === undefined ? [] : ['label']), 'class,probability', ...more].join(',')
  const lines = predicted.map(one =>
    [
      cell(one.file),
      ...(label === undefined ? [] : [cell(one.label ?? '')]),
      ...one.classes.flatMap(({ class: name, probability }) => [cell(name), probability])
    ].join(',')
  )
  return `${[head, ...lines].join('\n')}\n`
}
