import type { Shape } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { permuted, type Graph } from './graph.ts'
import { types, type Attribute } from './model-file.ts'
import { open, varies, type Call, type Constant, type Operand } from './trace.ts'

/** Writes what one kernel of TensorFlow.js does in operators of ONNX. */
export type Translation = (graph: Graph, call: Call) => void

/** The translations of all kernels that there are, by the kernels' names. */
export const translations: Readonly<Record<string, Translation>> = {
  Conv2D: (graph, call) => convolution(graph, call),
  FusedConv2D: (graph, call) => convolution(graph, call),
  DepthwiseConv2dNative: (graph, call) => depthwise(graph, call),
  FusedDepthwiseConv2D: (graph, call) => depthwise(graph, call),
  FusedBatchNorm(graph, { inputs, attrs, outputs }) {
    const row = (name: string, otherwise: number): string => {
      const given = inputs[name]
      return given === undefined ? graph.constant([channels], new Float32Array(channels).fill(otherwise)) : graph.plain(given)
    }
    const channels = graph.shapeOf(inputs.x!).at(-1)!
    graph.nameChannelsFirst(outputs[0]!, graph.add('BatchNormalization',
      [graph.channelsFirst(inputs.x!), row('scale', 1), row('offset', 0), row('mean', 0), row('variance', 1)], { epsilon: { float: attrs.varianceEpsilon as number } }))
  },
  // Fused by lapstrake's backends.
  GroupNorm(graph, { inputs, attrs, outputs }) {
    const [, height, width, channels] = graph.shapeOf(inputs.x!) as [number, number, number, number]
    const groups = attrs.groups as number
    const constant = (value: number): string => graph.constant([groups], new Float32Array(groups).fill(value))
    const grouped = graph.add('Reshape', [graph.channelsFirst(inputs.x!), graph.integers([open, groups, channels / groups * height * width])])
    const normal = graph.add('InstanceNormalization', [grouped, constant(1), constant(0)], { epsilon: { float: attrs.epsilon as number } })
    const maps = graph.add('Reshape', [normal, graph.integers([open, channels, height, width])])
    const scaled = graph.add('Mul', [maps, graph.channelsFirst(inputs.scale!)])
    const moved = graph.add('Add', [scaled, graph.channelsFirst(inputs.offset!)])
    graph.nameChannelsFirst(outputs[0]!, attrs.relu ? graph.add('Relu', [moved]) : moved)
  },
  ReluOfSum: elementwise((graph, [a, b]) => graph.add('Relu', [graph.add('Add', [a!, b!])])),
  MaxPool: (graph, call) => pool(graph, call, 'MaxPool'),
  AvgPool: (graph, call) => pool(graph, call, 'AveragePool'),
  ResizeBilinear(graph, { inputs, attrs, outputs }) {
    const { alignCorners, halfPixelCenters, size } = attrs as { alignCorners: boolean; halfPixelCenters: boolean; size: readonly number[] }
    const images = graph.channelsFirst(inputs.images!)
    const kept = graph.add('Slice', [graph.add('Shape', [images]), graph.integers([0]), graph.integers([2])])
    const sizes = graph.add('Concat', [kept, graph.integers(size)], { axis: 0 })
    graph.nameChannelsFirst(outputs[0]!, graph.add('Resize', [images, '', '', sizes], {
      mode: 'linear', coordinate_transformation_mode: halfPixelCenters ? 'half_pixel' : alignCorners ? 'align_corners' : 'asymmetric'
    }))
  },
  BatchMatMul: (graph, call) => product(graph, call),
  _FusedMatMul: (graph, call) => product(graph, call),
  Add: elementwise(operator('Add')),
  Sub: elementwise(operator('Sub')),
  Multiply: elementwise(operator('Mul')),
  RealDiv: elementwise(operator('Div')),
  Maximum: elementwise(operator('Max')),
  Minimum: elementwise(operator('Min')),
  Pow: elementwise(operator('Pow')),
  SquaredDifference: elementwise((graph, [a, b]) => {
    const difference = graph.add('Sub', [a!, b!])
    return graph.add('Mul', [difference, difference])
  }),
  Relu: elementwise(operator('Relu')),
  Relu6: elementwise((graph, [x]) => activated(graph, x!, 'relu6')),
  LeakyRelu: elementwise((graph, [x], { alpha }) => graph.add('LeakyRelu', [x!], { alpha: { float: alpha as number } })),
  Elu: elementwise(operator('Elu')),
  Sigmoid: elementwise(operator('Sigmoid')),
  Tanh: elementwise(operator('Tanh')),
  Softplus: elementwise(operator('Softplus')),
  Exp: elementwise(operator('Exp')),
  Log: elementwise(operator('Log')),
  Sqrt: elementwise(operator('Sqrt')),
  Rsqrt: elementwise((graph, [x]) => graph.add('Reciprocal', [graph.add('Sqrt', [x!])])),
  Reciprocal: elementwise(operator('Reciprocal')),
  Square: elementwise((graph, [x]) => graph.add('Mul', [x!, x!])),
  Neg: elementwise(operator('Neg')),
  Abs: elementwise(operator('Abs')),
  Erf: elementwise(operator('Erf')),
  Identity: elementwise((_, [x]) => x!),
  // Means are cast to what they are already.
  Cast: elementwise((graph, [x], { dtype }) => graph.add('Cast', [x!], { to: types[dtype as keyof typeof types] })),
  Softmax: (graph, { inputs, attrs, outputs }) => graph.name(outputs[0]!, graph.add('Softmax', [graph.plain(inputs.logits!)], { axis: attrs.dim as number })),
  Mean: (graph, call) => reduction(graph, call, 'ReduceMean'),
  Sum: (graph, call) => reduction(graph, call, 'ReduceSum'),
  Max: (graph, call) => reduction(graph, call, 'ReduceMax'),
  Min: (graph, call) => reduction(graph, call, 'ReduceMin'),
  Reshape: (graph, call) => reshape(graph, call, 'x'),
  ExpandDims: (graph, call) => reshape(graph, call, 'input'),
  Transpose: (graph, { inputs, attrs, outputs }) =>
    graph.name(outputs[0]!, graph.add('Transpose', [graph.plain(inputs.x!)], { perm: attrs.perm as readonly number[] })),
  Concat: (graph, { inputs, attrs, outputs }) =>
    graph.name(outputs[0]!, graph.add('Concat', Object.values(inputs).map(input => graph.plain(input)), { axis: attrs.axis as number })),
  Slice(graph, { kernel, inputs, attrs, outputs }) {
    const begin = attrs.begin as readonly (number | typeof varies)[]
    const whole = 2 ** 31 - 1
    const end = (attrs.size as readonly (number | typeof varies)[]).map((length, axis) => (length === varies || length === open ? whole : length + Number(begin[axis])))
    if (begin.includes(varies)) refuseBatch(kernel)
    graph.name(outputs[0]!, graph.add('Slice', [graph.plain(inputs.x!), graph.integers(begin as readonly number[]), graph.integers(end)]))
  },
  PadV2(graph, { inputs, attrs, outputs }) {
    const paddings = attrs.paddings as readonly (readonly [number, number])[]
    const pads = graph.integers([...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)])
    graph.name(outputs[0]!, graph.add('Pad', [graph.plain(inputs.x!), pads, graph.constant([], Float32Array.of(attrs.constantValue as number))]))
  }
}

function operator(op: string): (graph: Graph, operands: readonly string[]) => string {
  return (graph, operands) => graph.add(op, operands)
}

/** One number from one of each operand, spread over each other; in the order of axes that an operand is already in. */
function elementwise(write: (graph: Graph, operands: readonly string[], attrs: Call['attrs']) => string): Translation {
  return (graph, { inputs, attrs, outputs }) => {
    const operands = Object.values(inputs)
    const spreads = operands.every(operand => typeof operand !== 'number' || graph.shapeOf(operand).length === 4)
    if (spreads && operands.some(operand => graph.isChannelsFirst(operand))) {
      graph.nameChannelsFirst(outputs[0]!, write(graph, operands.map(operand => graph.channelsFirst(operand)), attrs))
    } else graph.name(outputs[0]!, write(graph, operands.map(operand => graph.plain(operand)), attrs))
  }
}

function activated(graph: Graph, x: string, activation: unknown, leakyreluAlpha: unknown = 0.2): string {
  switch (activation) {
    case undefined: case null: case 'linear': return x
    case 'relu': return graph.add('Relu', [x])
    case 'relu6': return graph.add('Clip', [x, graph.constant([], Float32Array.of(0)), graph.constant([], Float32Array.of(6))])
    case 'elu': return graph.add('Elu', [x])
    case 'sigmoid': return graph.add('Sigmoid', [x])
    case 'leakyrelu': return graph.add('LeakyRelu', [x], { alpha: { float: leakyreluAlpha as number } })
    default: throw new Error(`toOnnx: expected an activation among relu, relu6, elu, sigmoid and leakyrelu, got ${String(activation)}. Write it as an operation of its own.`)
  }
}

type ConvAttrs = Parameters<typeof attributesOf>[2]

/** Strides and paddings as ONNX has them. */
function attributesOf(x: Shape, filter: Shape, { strides, pad, dilations = 1, dimRoundingMode }: {
  readonly strides: number | [number, number]; readonly pad: 'same' | 'valid' | number | tf.backend_util.ExplicitPadding
  readonly dilations?: number | [number, number]; readonly dimRoundingMode?: 'floor' | 'round' | 'ceil'
}, depthwise: boolean): Readonly<Record<string, Attribute>> {
  const { padInfo, ...found } = tf.backend_util.computeConv2DInfo(
    [1, ...x.slice(1)] as [number, number, number, number], filter as [number, number, number, number], strides, dilations, pad, dimRoundingMode, depthwise)
  return {
    kernel_shape: [found.filterHeight, found.filterWidth], strides: [found.strideHeight, found.strideWidth], dilations: [found.dilationHeight, found.dilationWidth],
    pads: [padInfo.top, padInfo.left, padInfo.bottom, padInfo.right]
  }
}

function known(kernel: string, operand: Operand): Constant {
  if (typeof operand === 'number') throw new Error(`toOnnx: expected a filter of ${kernel} that is a weight, got one that depends on the input.`)
  return operand
}

function convolution(graph: Graph, { kernel, inputs, attrs, outputs }: Call): void {
  const { shape, values } = known(kernel, inputs.filter!)
  const weights = graph.constant([3, 2, 0, 1].map(axis => shape[axis]!), permuted(values, shape, [3, 2, 0, 1]) as Float32Array)
  const bias = inputs.bias === undefined ? [] : [graph.plain(inputs.bias)]
  const maps = graph.add('Conv', [graph.channelsFirst(inputs.x!), weights, ...bias], attributesOf(graph.shapeOf(inputs.x!), shape, attrs as ConvAttrs, false))
  graph.nameChannelsFirst(outputs[0]!, activated(graph, maps, attrs.activation, attrs.leakyreluAlpha))
}

/** A depthwise convolution; one of a single pixel is a factor for each channel, and a runtime folds it into the convolution before it. */
function depthwise(graph: Graph, { kernel, inputs, attrs, outputs }: Call): void {
  const { shape, values } = known(kernel, inputs.filter!)
  const [height, width, channels, multiplier] = shape as [number, number, number, number]
  const x = graph.channelsFirst(inputs.x!)
  const attributes = attributesOf(graph.shapeOf(inputs.x!), shape, attrs as ConvAttrs, true)
  const isFactor = height === 1 && width === 1 && multiplier === 1 && (attributes.strides as readonly number[]).every(stride => stride === 1)
  let maps: string
  if (isFactor) {
    const scaled = graph.add('Mul', [x, graph.constant([1, channels, 1, 1], values as Float32Array)])
    maps = inputs.bias === undefined ? scaled : graph.add('Add', [scaled, graph.channelsFirst(inputs.bias)])
  } else {
    const weights = graph.constant([channels * multiplier, 1, height, width], permuted(values, shape, [2, 3, 0, 1]) as Float32Array)
    maps = graph.add('Conv', [x, weights, ...(inputs.bias === undefined ? [] : [graph.plain(inputs.bias)])], { ...attributes, group: channels })
  }
  graph.nameChannelsFirst(outputs[0]!, activated(graph, maps, attrs.activation, attrs.leakyreluAlpha))
}

function pool(graph: Graph, { inputs, attrs, outputs }: Call, op: 'MaxPool' | 'AveragePool'): void {
  const { filterSize } = attrs as { filterSize: number | [number, number] }
  const [height, width] = typeof filterSize === 'number' ? [filterSize, filterSize] : filterSize
  const shape = graph.shapeOf(inputs.x!)
  const { dilations: _, ...attributes } = attributesOf(shape, [height, width, shape[3]!, 1], attrs as ConvAttrs, true)
  graph.nameChannelsFirst(outputs[0]!, graph.add(op, [graph.channelsFirst(inputs.x!)], attributes))
}

function product(graph: Graph, { inputs, attrs, outputs }: Call): void {
  const side = (operand: Operand, transposed: unknown): string => {
    const name = graph.plain(operand)
    if (!transposed) return name
    const axes = graph.shapeOf(operand).map((_, axis) => axis)
    return graph.add('Transpose', [name], { perm: [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!] })
  }
  const multiplied = graph.add('MatMul', [side(inputs.a!, attrs.transposeA), side(inputs.b!, attrs.transposeB)])
  const moved = inputs.bias === undefined ? multiplied : graph.add('Add', [multiplied, graph.plain(inputs.bias)])
  graph.name(outputs[0]!, activated(graph, moved, attrs.activation, attrs.leakyreluAlpha))
}

function reduction(graph: Graph, { inputs, attrs, outputs }: Call, op: string): void {
  const x = Object.values(inputs)[0]!
  const { rank, axis } = { rank: graph.shapeOf(x).length, axis: (attrs.axis ?? attrs.reductionIndices) as number | readonly number[] | null }
  const axes = tf.util.parseAxisParam(axis as number[], graph.shapeOf(x) as number[])
  const overMaps = rank === 4 && axes.length === 2 && axes.includes(1) && axes.includes(2) && graph.isChannelsFirst(x)
  const [name, wanted] = overMaps ? [graph.channelsFirst(x), [2, 3]] : [graph.plain(x), axes]
  const keepdims = attrs.keepDims ? 1 : 0
  // Only sums take their axes as an input in this set of operators.
  const result = op === 'ReduceSum' ? graph.add(op, [name, graph.integers(wanted)], { keepdims }) : graph.add(op, [name], { axes: wanted, keepdims })
  if (overMaps && keepdims) graph.nameChannelsFirst(outputs[0]!, result)
  else graph.name(outputs[0]!, result)
}

function reshape(graph: Graph, { kernel, inputs, outputs }: Call, name: string): void {
  const shape = graph.shapeOf(outputs[0]!)
  if (shape.filter(length => length === open).length > 1) refuseBatch(kernel)
  graph.name(outputs[0]!, graph.add('Reshape', [graph.plain(inputs[name]!), graph.integers(shape)]))
}

function refuseBatch(kernel: string): never {
  throw new Error(`toOnnx: expected ${kernel} to leave the images of a batch apart, but it depends on how many there are. Keep the batch as an axis of its own.`)
}
