import { readdir, stat } from 'node:fs/promises'
import { relative, sep } from 'node:path'
import { imageDataset, pick, type ImageDataset, type ImageExample, type Shape, type Split } from 'lapstrake'
import { openImageFiles, openImageFolder } from 'lapstrake/node'
import { UsageError } from '../terminal/usage-error.ts'
import { dataByName, dataNames, onProgress } from './data-by-name.ts'
import { evenly } from './evenly.ts'

/** Images that somebody names: a folder, files one by one, or a known data set. */
export interface Pictures {
  /** As a network takes them, decoded as they are read; none is kept. */
  readonly images: ImageDataset
  /** What an image is called in what is written: its path below the folder, or its file as it was named. */
  nameOf(place: number): string
  /** The path of its file, by which it is told from others; its name where it has none. */
  pathOf(place: number): string
  /** The class of each, as `images.classes` names them; undefined where folders are no classes. */
  readonly labels: Int32Array | undefined
  /** The same images in colour and in another size, for people to look at. */
  inSize(size: number): Promise<ImageDataset>
}

export interface PicturesOptions {
  /** Of each image, as a network takes it. */
  readonly shape: Shape
  /** Of a known data set. */
  readonly part?: Split | undefined
  /** So many at most, spread evenly over all. */
  readonly limit?: number | undefined
}

/**
 * Opens what was named. What lies in a folder and is left out is said.
 *
 * @throws UsageError for more than one where one of them is a folder
 * @throws Error where there is no image, for a folder of parts, and for a network that takes no such images
 */
export async function openPictures(
  who: string,
  places: readonly [string, ...string[]],
  { shape, part = 'test', limit }: PicturesOptions
): Promise<Pictures> {
  const [first] = places
  if (places.length === 1 && dataNames.includes(first)) {
    const whole = await dataByName(first).open(part, { onProgress })
    const chosen = Uint32Array.from(evenly(whole.size, limit))
    const images = pick(whole, chosen)
    const nameOf = (place: number): string => `${first}/${part}/${chosen[place]}`
    return { images, nameOf, pathOf: nameOf, labels: images.labels, inSize: async () => images }
  }
  const length = lengthOf(who, shape)
  const isFolder = await checkPlaces(who, places)
  const open = async (size: number): Promise<ImageDataset> =>
    isFolder ? openImageFolder(first, { size, keep: 0 }) : openImageFiles(places, { size, keep: 0 })
  const whole = await open(length)
  for (const left of whole.leftOut ?? []) process.stderr.write(`${whole.name}: left out ${left}.\n`)
  const chosen = Uint32Array.from(evenly(whole.size, limit))
  const images = pick(whole, chosen)
  return {
    images: shape[2] === 1 ? grey(images) : images,
    labels: images.labels?.some(label => label >= 0) === true ? images.labels : undefined,
    pathOf: images.nameOf!,
    nameOf: place => {
      const path = images.nameOf!(place)
      return isFolder ? relative(first, path).split(sep).join('/') : path
    },
    inSize: async size => pick(await open(size), chosen)
  }
}

/** Images of files are decoded to squares of three channels, and grey is made of these. */
function lengthOf(who: string, shape: Shape): number {
  const [height, width, channels] = shape
  if (shape.length === 3 && height === width && (channels === 1 || channels === 3)) return height!
  throw new Error(
    `${who}: expected a run that learned from square images of one channel or three, got one of inputs of ` +
      `[${shape.join(', ')}]. Encode what it takes with openRun, in a script.`
  )
}

/** Whether they are a folder. */
async function checkPlaces(who: string, places: readonly [string, ...string[]]): Promise<boolean> {
  for (const place of places) {
    const found = await stat(place).catch(() => undefined)
    if (found === undefined)
      throw new Error(`${who}: expected a folder of images or an image at ${place}, but there is none. Check the path.`)
    if (!found.isDirectory()) continue
    if (places.length > 1)
      throw new UsageError(
        `${who}: expected one folder, or images alone, got the folder ${place} among others. Name one.`
      )
    const within = await readdir(place)
    const parts = within.filter(name => name === 'train' || name === 'test')
    if (parts.length === 2)
      throw new Error(
        `${who}: expected a folder of images or of class folders, got one with train and test in it. ` +
          `Name a part: ${place.replace(/\/$/, '')}/test.`
      )
    return true
  }
  return false
}

/** The luminance of coloured images (ITU-R 601). */
const grey = (images: ImageDataset): ImageDataset =>
  imageDataset({
    ...images,
    shape: [images.shape[0], images.shape[1], 1],
    read: async places => (await images.read(places)).map(luminance)
  })

const luminance = ({ image, label }: ImageExample): ImageExample => ({
  image: Uint8Array.from({ length: image.length / 3 }, (_, i) =>
    Math.round(0.299 * image[3 * i]! + 0.587 * image[3 * i + 1]! + 0.114 * image[3 * i + 2]!)
  ),
  label
})
