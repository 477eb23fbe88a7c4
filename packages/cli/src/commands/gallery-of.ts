import { resolve } from 'node:path'
import { seeded } from 'lapstrake'
import type { OpenRun } from '@lapstrake/runs/node'
import { groupsShown, ofAGroup, type Gallery, type GalleryImage } from '../pages/gallery-page.ts'
import { onThePlane } from '../pages/on-the-plane.ts'
import { alike } from './alike.ts'
import { evenly } from './evenly.ts'
import type { Pictures } from './pictures.ts'
import {
  neighboursOf,
  seenBy,
  some,
  type Near,
  type Neighbours,
  type SeeingOptions,
  type SeenImages
} from './seen-images.ts'
import { thumbnails } from './thumbnails.ts'

export interface GalleryOptions extends SeeingOptions {
  /** The images that others are sought for; a sample of all where there are none. */
  readonly queries: Pictures | undefined
  /** Images of that sample. */
  readonly sample: number
  /** Neighbours of each. */
  readonly neighbours: number
  /** Images on the map at most. */
  readonly map: number
  /** The least cosine of near-duplicates. */
  readonly duplicates: number
}

/** Height and width of a thumbnail. */
const thumbnail = 80

/** Who is near whom, for a run and for pixels alone, among the images of a folder. */
export async function galleryOf(run: OpenRun, pictures: Pictures, options: GalleryOptions): Promise<Gallery> {
  const { say, queries: named } = options
  const all = await seenBy(run, pictures, options)
  const shown = numbering()
  const map = await mapOf(all, options, shown)
  const asked = await (named === undefined
    ? ofSample(all, options, shown)
    : ofNamed({ all, pictures, named, asking: await seenBy(run, named, options) }, options, shown))
  const groups = await alike(all.network, options.duplicates, (done, total) =>
    say(`Near-duplicates: ${Math.floor((100 * done) / total)} %`)
  )
  const inGroups = groups.slice(0, groupsShown).map(group => group.slice(0, ofAGroup).map(shown.number))
  say(`Thumbnails of ${shown.rows.length} images`)
  const images = await imagesOf(
    pictures,
    shown.rows.map(row => all.places[row]!)
  )
  const strangers = asked.flatMap(({ stranger }) => (stranger === undefined ? [] : [stranger]))
  return {
    images: [...images, ...(named === undefined ? [] : await imagesOf(named, strangers))],
    queries: asked.map(({ image, stranger, network, pixels }) => ({
      image: image ?? images.length + strangers.indexOf(stranger!),
      ...{ network, pixels }
    })),
    ...{ map, groups: inGroups },
    counts: {
      ...{ images: all.places.length, left: pictures.images.size - all.places.length, groups: groups.length },
      duplicates: groups.reduce((sum, { length }) => sum + length, 0),
      largest: Math.max(0, ...groups.map(({ length }) => length))
    }
  }
}

/** Some images on the plane, and what is near to each among them. */
async function mapOf(
  all: SeenImages,
  { neighbours, map: most, say }: GalleryOptions,
  shown: Numbering
): Promise<Gallery['map']> {
  const rows = evenly(all.places.length, most)
  const mapped = some(all, rows)
  const near = await neighboursOf(mapped, mapped, neighbours, i => i)
  say(`Map of ${rows.length} images`)
  const plane = onThePlane(mapped.network, seeded(0).split('map'))
  return rows.map((row, i) => ({
    ...{ image: shown.number(row), x: plane[i]![0], y: plane[i]![1] },
    ...shown.near(near[i]!, at => rows[at]!)
  }))
}

/** An image that asks: the number of one of the folder, or the place of another among those that were named. */
type Asked = Neighbours & { readonly image?: number; readonly stranger?: number }

async function ofSample(
  all: SeenImages,
  { neighbours, sample }: GalleryOptions,
  shown: Numbering
): Promise<readonly Asked[]> {
  const rows = evenly(all.places.length, sample)
  const near = await neighboursOf(all, some(all, rows), neighbours, i => rows[i])
  return rows.map((row, i) => ({ image: shown.number(row), ...shown.near(near[i]!) }))
}

interface NamedQueries {
  readonly all: SeenImages
  readonly pictures: Pictures
  readonly named: Pictures
  readonly asking: SeenImages
}

/** One that lies in the folder itself is known by its path, and no neighbour of its own. */
async function ofNamed(
  { all, pictures, named, asking }: NamedQueries,
  { neighbours }: GalleryOptions,
  shown: Numbering
): Promise<readonly Asked[]> {
  const rows = new Map(all.places.map((place, row) => [resolve(pictures.pathOf(place)), row]))
  const rowOf = (i: number): number | undefined => rows.get(resolve(named.pathOf(asking.places[i]!)))
  const near = await neighboursOf(all, asking, neighbours, rowOf)
  return asking.places.map((place, i) => {
    const row = rowOf(i)
    return { ...(row === undefined ? { stranger: place } : { image: shown.number(row) }), ...shown.near(near[i]!) }
  })
}

interface Numbering {
  /** Rows that are shown, in the order of their numbers on the page. */
  readonly rows: readonly number[]
  /** The number of a row, which is shown from now on. */
  number(row: number): number
  /** The same of neighbours, after their rows among others. */
  near(neighbours: Neighbours, rowOf?: (row: number) => number): Neighbours
}

/** Only what is shown has a thumbnail. */
function numbering(): Numbering {
  const rows: number[] = []
  const numbers = new Map<number, number>()
  const number = (row: number): number => {
    if (!numbers.has(row)) numbers.set(row, rows.push(row) - 1)
    return numbers.get(row)!
  }
  return {
    ...{ rows, number },
    near({ network, pixels }, rowOf = row => row) {
      const told = (list: readonly Near[]): readonly Near[] =>
        list.map(([row, cosine]) => [number(rowOf(row)), Math.round(1000 * cosine) / 1000])
      return { network: told(network), pixels: told(pixels) }
    }
  }
}

async function imagesOf(pictures: Pictures, places: readonly number[]): Promise<readonly GalleryImage[]> {
  const { labels, nameOf, images } = pictures
  const pixels = await thumbnails(await pictures.inSize(thumbnail), places)
  return places.map((place, i) => ({
    ...{ name: nameOf(place), thumbnail: pixels[i]! },
    label: labels && images.classes[labels[place]!]
  }))
}
