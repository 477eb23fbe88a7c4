import type { Shape } from '@lapstrake/core'
import type { Call, Constant } from '@lapstrake/kernels'
import type { Graph } from '../graph.ts'
import { permuted } from '../permuted.ts'
import { activated } from './activation.ts'
import { ofFloats, type Translations } from './translation.ts'
import { slide, windowOf, type Window } from './window.ts'

export const convolutions: Translations = ofFloats({
  Conv2D: convolution,
  FusedConv2D: convolution,
  DepthwiseConv2dNative: depthwise,
  FusedDepthwiseConv2D: depthwise
})

function convolution(graph: Graph, call: Call): void {
  const {
    inputs,
    attrs,
    outputs: [output]
  } = call
  const { shape, values } = weightsOf(call)
  const order = [3, 2, 0, 1]
  const weights = graph.constant(
    order.map(axis => shape[axis]!),
    permuted(values, shape, order) as Float32Array
  )
  const window = windowOf(call, graph.shapeOf(inputs.x!), shape, false)
  if (attrs.dataFormat === 'NCHW') {
    graph.name(output!, convolved(graph, call, [graph.plain(inputs.x!), weights], window))
  } else graph.nameChannelsFirst(output!, convolved(graph, call, [graph.channelsFirst(inputs.x!), weights], window))
}

/** One of a single pixel is a factor for each channel, and a runtime folds it into the convolution before it. */
function depthwise(graph: Graph, call: Call): void {
  const {
    kernel,
    inputs,
    attrs,
    outputs: [output]
  } = call
  if (attrs.dataFormat === 'NCHW') {
    throw new Error(
      `toOnnx: expected ${kernel} with the channels last, got NCHW. ` +
        `Transpose before it: tf.transpose(x, [0, 2, 3, 1]).`
    )
  }
  const { shape, values } = weightsOf(call)
  const [height, width, channels, multiplier] = shape as [number, number, number, number]
  const x = graph.channelsFirst(inputs.x!)
  const window = windowOf(call, graph.shapeOf(inputs.x!), shape, true)
  const isPixel = [height, width, multiplier, ...window.strides].every(one => one === 1)
  const isFactor = isPixel && window.pads.every(pad => pad === 0)
  if (isFactor) {
    const scaled = graph.add('Mul', [x, graph.constant([1, channels, 1, 1], values as Float32Array)])
    const moved = inputs.bias === undefined ? scaled : graph.add('Add', [scaled, graph.spreading(inputs.bias, true)])
    graph.nameChannelsFirst(output!, activated(graph, moved, call))
    return
  }
  const moved = permuted(values, shape, [2, 3, 0, 1]) as Float32Array
  const weights = graph.constant([channels * multiplier, 1, height, width], moved)
  graph.nameChannelsFirst(output!, convolved(graph, call, [x, weights], window, channels))
}

/** A convolution with what is fused to it. */
function convolved(graph: Graph, call: Call, operands: readonly string[], window: Window, group: number = 1): string {
  const {
    inputs: { bias },
    attrs,
    outputs: [output]
  } = call
  // ONNX takes a number for each channel; TensorFlow.js takes what spreads over the maps, too.
  const channels = graph.shapeOf(output!)[attrs.dataFormat === 'NCHW' ? 1 : 3]
  const isRow = bias !== undefined && graph.shapeOf(bias).join() === String(channels)
  const given = isRow ? [...operands, graph.plain(bias)] : operands
  const maps = slide(graph, 'Conv', given, window, { dilations: window.dilations, group })
  const moved = isRow || bias === undefined ? maps : graph.add('Add', [maps, graph.spreading(bias, true)])
  return activated(graph, moved, call)
}

function weightsOf({ kernel, inputs: { filter } }: Call): Constant & { readonly shape: Shape } {
  if (typeof filter === 'number') {
    throw new Error(
      `toOnnx: expected a filter of ${kernel} that is a weight, got one that depends on the input. ` +
        `Write it with products.`
    )
  }
  return filter!
}
