import { stat } from 'node:fs/promises'
import { writeOwnFile } from '@lapstrake/runs/node'
import { galleryPage, imagesSaid } from '../pages/gallery-page.ts'
import { atWork } from '../terminal/at-work.ts'
import { command, type Command } from '../terminal/command.ts'
import { quietly } from '../terminal/stop-quietly.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { wholeNumber } from '../terminal/whole-number.ts'
import { galleryOf } from './gallery-of.ts'
import { imageArgs, leavingOut, levelArg, openImages } from './images-of-run.ts'
import { openPictures } from './pictures.ts'
import { pixelLength } from './seen-images.ts'

export const neighboursCommand: Command = command(
  {
    meta: {
      name: 'neighbours',
      description:
        'Writes a page of images: what is nearest to some of them for a run and for raw pixels, near-duplicates, ' +
        'and a map. It needs nothing but itself.'
    },
    args: {
      ...imageArgs,
      query: {
        type: 'string',
        description: 'An image whose neighbours are sought; more may follow it. A sample of all when left out'
      },
      out: { type: 'string', default: 'neighbours.html', description: 'The page' },
      sample: { type: 'string', default: '8', description: 'Images of the sample' },
      k: { type: 'string', default: '8', description: 'Neighbours of each' },
      map: { type: 'string', default: '1000', description: 'Images on the map at most, spread evenly over all' },
      duplicates: { type: 'string', default: '0.99', description: 'The least cosine of near-duplicates' },
      ...levelArg
    },
    run: ({ args }) =>
      quietly(async () => {
        const { out, query } = args
        const numbers = {
          sample: wholeNumber('--sample', args.sample, 1, 100),
          neighbours: wholeNumber('--k', args.k, 1, 50),
          map: wholeNumber('--map', args.map, 1, 5000),
          duplicates: cosineGiven(args.duplicates)
        }
        const [folder, ...others] = args._.slice(1)
        if (query === undefined && others.length > 0)
          throw new UsageError(
            `neighbours: expected one folder of images, got ${others[0]} as well. If it is an image whose neighbours ` +
              'you want, write --query before it.'
          )
        const { run, pictures, batch, level } = await openImages('neighbours', args, [folder!], out)
        const { inputShape: shape, name, stages } = run.manifest
        const queries =
          query === undefined ? undefined : await openPictures('neighbours', [query, ...others], { shape })
        const work = atWork()
        const gallery = await galleryOf(run, pictures, {
          ...{ ...numbers, queries, level, batch, say: work.say },
          onUnreadable: leavingOut(work).tell
        })
        work.end()
        const stage = stages[level - 1] ?? 'the images themselves'
        const words = { run: name, stage, folder: pictures.images.name, duplicates: numbers.duplicates, pixelLength }
        await writeOwnFile(out, galleryPage(gallery, words))
        const { images, groups } = gallery.counts
        process.stdout.write(
          `${out}   ${((await stat(out)).size / 1e6).toFixed(1)} MB   ${imagesSaid(images)}, ` +
            `${gallery.map.length} on the map, ${groups} ${groups === 1 ? 'group' : 'groups'} of near-duplicates\n`
        )
        process.exit(0)
      })
  },
  { many: true }
)

function cosineGiven(text: string): number {
  const cosine = Number(text)
  if (cosine > 0 && cosine <= 1) return cosine
  throw new UsageError(`--duplicates: expected a cosine above 0, at most 1, got ${text}. Try --duplicates 0.99.`)
}
