import type { Call } from '@lapstrake/kernels'
import type { Graph } from '../graph.ts'
import { spread } from './elementwise.ts'
import { ofFloats, type Translations } from './translation.ts'
import { slide, windowOf } from './window.ts'

export const pooling: Translations = ofFloats({
  MaxPool: (graph, call) => pool(graph, call, 'MaxPool'),
  // Both leave out of the mean what lies beyond the map.
  AvgPool: (graph, call) => pool(graph, call, 'AveragePool')
})

function pool(graph: Graph, call: Call, op: 'MaxPool' | 'AveragePool'): void {
  const {
    kernel,
    inputs,
    attrs: { filterSize },
    outputs: [output]
  } = call
  const [height, width] = typeof filterSize === 'number' ? [filterSize, filterSize] : (filterSize as [number, number])
  const shape = graph.shapeOf(inputs.x!)
  const window = windowOf(call, shape, [height, width, shape[3]!, 1], true)
  const isPixel = height === 1 && width === 1 && window.gives.join() === shape.slice(1, 3).join()
  // So says TensorFlow.js, wherever strides and padding say that the window looks.
  if (isPixel) return spread(graph, call, ([x]) => x!)
  if (window.pads.some((pad, i) => pad >= window.kernel[i % 2]!)) {
    throw new Error(
      `toOnnx: expected every window of ${kernel} to see a pixel, got windows of ${height} × ${width} ` +
        `with a padding of ${Math.max(...window.pads)}. Pad less than a window, and round down.`
    )
  }
  graph.nameChannelsFirst(output!, slide(graph, op, [graph.channelsFirst(inputs.x!)], window))
}
