import type * as tf from '@tensorflow/tfjs-core'
import { attributesOf, isFloat, sizeOf, type Given, type Native, type Natives } from './kernel.ts'
import { fillBlock } from './movement.ts'

type Shape4 = [number, number, number, number]

type Method = 'bilinear' | 'nearest'

interface Places {
  readonly alignCorners: boolean
  /** Gradients of TensorFlow.js know nothing of it. */
  readonly halfPixelCenters?: boolean | undefined
}

/** For each place of an axis of the result: the two it lies between, and how far it is from the first. */
function writeTable(
  { backend: { engine } }: Given,
  address: number,
  method: Method,
  from: number,
  to: number,
  { alignCorners, halfPixelCenters = false }: Places
): void {
  const { ints, floats } = engine
  const ratio = alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to
  for (let i = 0; i < to; i++) {
    const at = ratio * (halfPixelCenters ? i + 0.5 : i) - (halfPixelCenters && method === 'bilinear' ? 0.5 : 0)
    const nearest = Math.min(from - 1, alignCorners ? Math.round(at) : Math.floor(at))
    const first = method === 'nearest' ? nearest : Math.max(0, Math.floor(at))
    const place = address / 4 + 3 * i
    ints[place] = first
    ints[place + 1] = Math.min(from - 1, Math.ceil(at))
    floats[place + 2] = at - first
  }
}

/** Runs a kernel on images of one shape and what they become. */
function run(
  given: Given,
  kernel: 'resample' | 'resampleBack',
  method: Method,
  before: Shape4,
  after: Shape4,
  source: tf.TensorInfo,
  target: tf.TensorInfo,
  places: Places
): tf.TensorInfo {
  const { backend } = given
  const { engine } = backend
  const [images, height, width, channels] = before
  const [, tall, wide] = after
  engine.withScratch(12 * (tall + wide), lines => {
    const columns = lines + 12 * tall
    writeTable(given, lines, method, height, tall, places)
    writeTable(given, columns, method, width, wide, places)
    engine.run(
      kernel,
      [
        backend.addressOf(source),
        backend.addressOf(target),
        height,
        width,
        channels,
        tall,
        wide,
        lines,
        columns,
        Number(method === 'bilinear')
      ],
      kernel === 'resample' ? images * tall : images,
      8 * sizeOf(after)
    )
  })
  return target
}

const resize =
  (method: Method): Native =>
  given => {
    const { inputs, backend } = given
    const images = inputs.images!
    const { size, ...places } = attributesOf<Places & { size: [number, number] }>(given)
    const before = images.shape as Shape4
    const after: Shape4 = [before[0], ...size, before[3]]
    return isFloat(images) && sizeOf(before) > 0
      ? run(given, 'resample', method, before, after, images, backend.allocate(after), places)
      : undefined
  }

const gradient =
  (method: Method): Native =>
  given => {
    const {
      inputs: { images, dy },
      backend
    } = given as Given & { inputs: { images: tf.TensorInfo; dy: tf.TensorInfo } }
    const { alignCorners } = attributesOf<Places>(given)
    if (!isFloat(images, dy) || sizeOf(images.shape) === 0) return undefined
    return run(
      given,
      'resampleBack',
      method,
      images.shape as Shape4,
      dy.shape as Shape4,
      dy,
      fillBlock(backend, backend.allocate(images.shape), 0),
      { alignCorners }
    )
  }

export const resizing: Natives = {
  ResizeBilinear: resize('bilinear'),
  ResizeBilinearGrad: gradient('bilinear'),
  ResizeNearestNeighbor: resize('nearest'),
  ResizeNearestNeighborGrad: gradient('nearest')
}
