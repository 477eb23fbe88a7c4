import { extname } from 'node:path'
import { writeOwnFile } from '@lapstrake/runs/node'
import { imagesSaid } from '../pages/gallery-page.ts'
import { atWork } from '../terminal/at-work.ts'
import { command, type Command } from '../terminal/command.ts'
import { percent } from '../terminal/percent.ts'
import { quietly } from '../terminal/stop-quietly.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { wholeNumber } from '../terminal/whole-number.ts'
import { classifierOf } from './classifier-of.ts'
import { dataInPlace } from './data-options.ts'
import { imageArgs, leavingOut, openImages } from './images-of-run.ts'
import { accuracyOf, predictionCsv, predictions, predictionTable, type Prediction } from './predictions.ts'

export const predictCommand: Command = command(
  {
    meta: {
      name: 'predict',
      description:
        'Tells the classes of images, by the classifier that a run trained or by a linear readout that is fitted first.'
    },
    args: {
      ...imageArgs,
      top: { type: 'string', default: '1', description: 'Classes of each image, the most probable first' },
      out: { type: 'string', description: 'A table to write, .csv, in place of printing it' },
      data: dataInPlace,
      examples: {
        type: 'string',
        description: 'Training examples that a readout is fitted to; those of the run when left out'
      },
      json: { type: 'boolean', default: false, description: 'Print JSON' }
    },
    run: ({ args }) =>
      quietly(async () => {
        const { run: folder, out, weights, data, json } = args
        const asked = wholeNumber('--top', args.top, 1)
        const examples = args.examples === undefined ? undefined : wholeNumber('--examples', args.examples, 1)
        if (out !== undefined && extname(out).toLowerCase() !== '.csv')
          throw new UsageError(`predict: expected a file that ends in .csv, got ${out}. Say --out predictions.csv.`)
        const { run, pictures, batch } = await openImages('predict', args, args._.slice(1), out)
        const work = atWork()
        const leftOut = leavingOut(work)
        const classifier = await classifierOf(run, { folder, weights, data, examples, work, leftOut })
        work.end()
        process.stderr.write(`${classifier.said}\n`)
        const top = Math.min(asked, classifier.classes.length)
        const predicted: Prediction[] = []
        const options = { top, batch, say: work.say, onUnreadable: leftOut.tell }
        for await (const one of predictions(run, classifier, pictures, options)) predicted.push(one)
        work.end()
        if (predicted.length === 0)
          throw new Error(`predict: expected images that can be read in ${pictures.images.name}, got none.`)
        if (out !== undefined) await writeOwnFile(out, predictionCsv(predicted))
        const accuracy = accuracyOf(predicted, classifier.classes)
        const { unreadable } = leftOut
        if (json) {
          const { said, classes } = classifier
          const told = { run: folder, weights, classifier: said, classes, out, accuracy, unreadable, images: predicted }
          process.stdout.write(`${JSON.stringify(told)}\n`)
          process.exit(0)
        }
        const written = `${out}   ${imagesSaid(predicted.length)}`
        process.stdout.write(`${out === undefined ? predictionTable(predicted) : written}\n`)
        if (accuracy !== undefined) {
          const part = percent(accuracy.right / accuracy.images)
          process.stdout.write(`\nRight for ${part} of ${imagesSaid(accuracy.images)} whose folder is their class.\n`)
        }
        process.exit(0)
      })
  },
  { many: true }
)
