import { stat } from 'node:fs/promises'
import { writeOwnFile } from '@lapstrake/runs/node'
import { atWork, type AtWork } from '../terminal/at-work.ts'
import { command, type Command } from '../terminal/command.ts'
import { quietly } from '../terminal/stop-quietly.ts'
import { embedded } from './embedded.ts'
import { featureForm, type NamedRows } from './feature-file.ts'
import { imageArgs, leavingOut, levelArg, openImages, type ImagesOfRun, type LeftOut } from './images-of-run.ts'

export const embedCommand: Command = command(
  {
    meta: { name: 'embed', description: 'Writes what a run makes of images: a row of features for each.' },
    args: {
      ...imageArgs,
      out: { type: 'string', default: 'features.npz', description: 'The file to write: .npz, .safetensors or .csv' },
      ...levelArg,
      json: { type: 'boolean', default: false, description: 'Print JSON' }
    },
    run: ({ args }) =>
      quietly(async () => {
        const { out, weights } = args
        const form = featureForm('embed', out)
        const opened = await openImages('embed', args, args._.slice(1), out)
        const { manifest } = opened.run
        const { name: data, classes } = opened.pictures.images
        const about = { ...{ run: manifest.name, weights, level: opened.level, data }, classes }
        const work = atWork()
        const leftOut = leavingOut(work)
        const told: Told = { images: 0, dim: 0, seconds: 0 }
        await writeOwnFile(out, await form(rows(opened, { work, leftOut, told }), about))
        const { size: bytes } = await stat(out)
        const perSecond = Math.round(told.images / told.seconds)
        const { unreadable } = leftOut
        process.stdout.write(
          args.json
            ? `${JSON.stringify({ out, bytes, ...about, ...told, perSecond, unreadable })}\n`
            : `${out}   ${told.images} × ${told.dim}   ${(bytes / 1e6).toFixed(1)} MB   ` +
                `${told.seconds.toFixed(1)} s, ${perSecond} images/s\n`
        )
        process.exit(0)
      })
  },
  { many: true }
)

/** What is known at the end. */
interface Told {
  images: number
  dim: number
  seconds: number
}

interface Telling {
  readonly work: AtWork
  readonly leftOut: LeftOut
  readonly told: Told
}

async function* rows(
  { run, pictures, level, batch }: ImagesOfRun,
  { work, leftOut, told }: Telling
): AsyncGenerator<NamedRows, void, void> {
  const { images, labels, nameOf } = pictures
  const began = performance.now()
  for await (const part of embedded(run, images, { level, batch, onUnreadable: leftOut.tell })) {
    told.images += part.places.length
    told.dim = part.dim
    told.seconds = (performance.now() - began) / 1000
    work.say(`${part.done} of ${images.size} images, ${Math.round(told.images / told.seconds)} images/s`)
    yield {
      names: part.places.map(nameOf),
      labels: labels && part.places.map(place => labels[place]!),
      rows: part.rows
    }
  }
  work.end()
  if (told.images === 0) throw new Error(`embed: expected images that can be read in ${images.name}, got none.`)
}
