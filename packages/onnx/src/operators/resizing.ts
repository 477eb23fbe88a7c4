import { own } from '@lapstrake/core'
import { attributesOf, type Call } from '@lapstrake/kernels'
import * as tf from '@tensorflow/tfjs-core'
import type { Graph } from '../graph.ts'
import { open, refuseBatch } from '../lengths.ts'
import { ofFloats, type Translations } from './translation.ts'

export const resizing: Translations = ofFloats({
  ResizeBilinear: (graph, call) => resize(graph, call, { mode: 'linear' }),
  ResizeNearestNeighbor(graph, call) {
    const {
      inputs: { images },
      outputs: [output]
    } = call
    const { alignCorners, halfPixelCenters, size } = attributesOf<ResizeAttrs>(call.attrs)
    const from = graph.shapeOf(images!).slice(1, 3)
    if (from.includes(open)) refuseBatch(call.kernel)
    if (!alignCorners && from.every((length, axis) => size[axis]! % length === 0)) {
      // Halves go up where the grid lies in the middle of pixels.
      resize(graph, call, { mode: 'nearest', nearest_mode: halfPixelCenters ? 'round_prefer_ceil' : 'floor' })
      return
    }
    // A runtime's factors are rounded, so it takes another pixel now and then: 14 pixels to 2 are the first and the
    // seventh, and not the eighth.
    const resized = from.reduce((maps, length, axis) => {
      const places = nearest(length, size[axis]!, alignCorners, halfPixelCenters)
      return graph.add('Gather', [maps, graph.integers(places)], { axis: axis + 2 })
    }, graph.channelsFirst(images!))
    graph.nameChannelsFirst(output!, resized)
  }
})

interface ResizeAttrs {
  readonly alignCorners: boolean
  readonly halfPixelCenters: boolean
  readonly size: readonly [number, number]
}

function resize(graph: Graph, { inputs, attrs, outputs }: Call, attributes: Readonly<Record<string, string>>): void {
  const { alignCorners, halfPixelCenters, size } = attributesOf<ResizeAttrs>(attrs)
  const images = graph.channelsFirst(inputs.images!)
  const kept = graph.add('Slice', [graph.add('Shape', [images]), graph.integers([0]), graph.integers([2])])
  const sizes = graph.add('Concat', [kept, graph.integers(size)], { axis: 0 })
  const grid = halfPixelCenters ? 'half_pixel' : alignCorners ? 'align_corners' : 'asymmetric'
  const given = { ...attributes, coordinate_transformation_mode: grid }
  graph.nameChannelsFirst(outputs[0]!, graph.add('Resize', [images, '', '', sizes], given))
}

/** Which pixels of a column TensorFlow.js takes. */
function nearest(from: number, to: number, alignCorners: boolean, halfPixelCenters: boolean): readonly number[] {
  const places = own(() => {
    const column = tf.reshape(tf.range(0, from), [1, from, 1, 1]) as tf.Tensor4D
    return tf.image.resizeNearestNeighbor(column, [to, 1], alignCorners, halfPixelCenters)
  })
  const read = [...places.dataSync()]
  places.dispose()
  return read
}
