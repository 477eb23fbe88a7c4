// What `evaluate` says where no example has a label.
import {
  batchOf,
  diagnose,
  dispose,
  encoderOf,
  own,
  seeded,
  UnreadableExample,
  type Batch,
  type Dataset,
  type Owned,
  type Variables
} from 'lapstrake'
import type { OpenRun } from '@lapstrake/runs/node'
import * as tf from '@tensorflow/tfjs-core'
import { percent } from '../terminal/percent.ts'
import { table } from '../terminal/table.ts'

/** Images that are looked at: enough for a percentage, few enough that one is found among them. */
const most = 128

/** Whether a data set has no label at all. */
export const isUnlabelled = ({ labels }: Dataset): boolean => labels !== undefined && labels.every(label => label < 0)

/** What features tell of images that they were made of, seen through two random views. */
interface Row {
  readonly name: string
  /** Part of the images whose one view is closest, of all, to their own other view; from 0 to 1. */
  readonly sameImage: number
  /** Dimensions in use, and how many there are. */
  readonly effectiveRank: number
  readonly dimensions: number
}

export interface WithoutLabels {
  readonly data: string
  readonly images: number
  readonly rows: readonly Row[]
}

/** Looks at every stage of a run, beside raw pixels and the untrained top. */
export async function readWithoutLabels(run: OpenRun, test: Dataset): Promise<WithoutLabels> {
  const { experiment, manifest, network, trained } = run
  // Two of one view: they have the shape that the network takes.
  const [view] = experiment.views
  const batch = await readable(test, places =>
    batchOf(test, places, { views: [view!, view!], random: seeded(0).split('without labels') })
  )
  const untrained = run.untrained()
  try {
    const images = batch.views[0].shape[0]!
    const rowOf = async (name: string, variables: readonly Variables[], level: number): Promise<Row> => {
      const { encode } = encoderOf(network, variables)
      const rows = own(() =>
        batch.views.map(view => {
          const features = encode(view, { level, pooled: level > 0 })
          return tf.reshape(features, [images, -1]) as tf.Tensor2D
        })
      )
      try {
        const { topOne, effectiveRank } = await diagnose(rows as unknown as [tf.Tensor2D, tf.Tensor2D])
        return { name, sameImage: topOne, effectiveRank, dimensions: rows[0]!.shape[1] }
      } finally {
        dispose(rows)
      }
    }
    const rows = [
      await rowOf('raw pixels', trained, 0),
      await rowOf('untrained, top', untrained, network.shapes.length - 1)
    ]
    for (const [i, stage] of manifest.stages.entries())
      rows.push(await rowOf(`${manifest.name}, ${stage}`, trained, i + 1))
    return { data: test.name, images, rows }
  } finally {
    dispose(batch)
    dispose(untrained)
  }
}

/** The first images that can be read. */
async function readable(
  test: Dataset,
  open: (places: readonly number[]) => Promise<Owned<Batch>>
): Promise<Owned<Batch>> {
  let places = Array.from({ length: Math.min(most, test.size) }, (_, i) => i)
  for (;;) {
    try {
      return await open(places)
    } catch (error) {
      if (!(error instanceof UnreadableExample)) throw error
      error.unreadable.forEach(({ example, reason }) => process.stderr.write(`${example} is left out: ${reason}.\n`))
      const broken = new Set(error.unreadable.map(({ place }) => place))
      places = places.filter(place => !broken.has(place))
      if (places.length < 2) throw error
    }
  }
}

/** As text for a terminal. */
export const withoutLabelsSaid = ({ data, images, rows }: WithoutLabels): string =>
  `${data} has no labels, so no classes are read out: give them in a table with --labels-from, or name labelled data ` +
  `with --data.\nOf ${images} test images, each seen through two random views of the run:\n\n${table(
    ['features', 'find the same image', 'dimensions in use'],
    rows.map(({ name, sameImage, effectiveRank, dimensions }) => [
      name,
      percent(sameImage),
      `${effectiveRank.toFixed(1)} of ${dimensions}`
    ])
  )}\nBy chance ${percent(1 / images)} find the same image. neighbours shows which images a run finds alike.\n`
