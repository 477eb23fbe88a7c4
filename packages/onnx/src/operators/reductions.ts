import type { Call } from '@lapstrake/kernels'
import * as tf from '@tensorflow/tfjs-core'
import type { Graph } from '../graph.ts'
import { ofFloats, refuseType, type Translation, type Translations } from './translation.ts'

/** Many numbers to one, or to their order. */
export const reductions: Translations = {
  // The mean of whole numbers is none.
  Mean: (graph, call) => reduce(graph, call, 'ReduceMean', 'float32'),
  Sum: reduction('ReduceSum'),
  Prod: reduction('ReduceProd'),
  Max: reduction('ReduceMax'),
  Min: reduction('ReduceMin'),
  // ONNX reduces no truths: all are true if the least is.
  All: (graph, call) => reduce(graph, call, 'ReduceMin', 'int32'),
  Any: (graph, call) => reduce(graph, call, 'ReduceMax', 'int32'),
  ArgMax: place('ArgMax'),
  ArgMin: place('ArgMin'),
  ...ofFloats({
    Softmax(graph, { inputs, attrs: { dim }, outputs }) {
      graph.name(outputs[0]!, graph.add('Softmax', [graph.plain(inputs.logits!)], { axis: dim as number }))
    }
  })
}

function reduction(op: string): Translation {
  return (graph, call) => {
    const type = graph.typeOf(call.outputs[0]!)
    if (type === 'bool') refuseType(call.kernel, 'float32 or int32', type)
    reduce(graph, call, op, type)
  }
}

const axesOf = (graph: Graph, { inputs: { x }, attrs }: Call): readonly number[] =>
  tf.util.parseAxisParam((attrs.axis ?? attrs.reductionIndices) as number[], [...graph.shapeOf(x!)])

/** Reduces numbers of a type, which become what the result is. */
function reduce(graph: Graph, call: Call, op: string, type: string): void {
  const {
    inputs: { x },
    attrs: { keepDims },
    outputs: [output]
  } = call
  const axes = axesOf(graph, call)
  const isChannelsFirst = graph.isChannelsFirst(x!) && axes.length > 0 && (Boolean(keepDims) || keepsOrder(axes))
  const given = graph.cast(isChannelsFirst ? graph.channelsFirst(x!) : graph.plain(x!), graph.typeOf(x!), type)
  const along = isChannelsFirst ? axes.map(axis => [0, 2, 3, 1][axis]!) : axes
  const reduced = graph.cast(reducedBy(graph, op, given, along, keepDims ? 1 : 0), type, graph.typeOf(output!))
  if (isChannelsFirst && keepDims) graph.nameChannelsFirst(output!, reduced)
  else graph.name(output!, reduced)
}

/** Says whether the axes that remain stand in one order whether the channels come first or last. */
const keepsOrder = (axes: readonly number[]): boolean =>
  [0, 3, 1, 2].filter(axis => !axes.includes(axis)).every((axis, i, remaining) => i === 0 || remaining[i - 1]! < axis)

function reducedBy(graph: Graph, op: string, x: string, axes: readonly number[], keepdims: number): string {
  // ONNX would take no axes for all of them.
  if (axes.length === 0) return x
  // Only sums take their axes as an input in this set of operators.
  if (op === 'ReduceSum') return graph.add(op, [x, graph.integers(axes)], { keepdims })
  return graph.add(op, [x], { axes, keepdims })
}

/** Where the largest or the least stands, the first of those alike. */
function place(op: 'ArgMax' | 'ArgMin'): Translation {
  return (graph, call) => {
    const {
      kernel,
      inputs: { x },
      outputs: [output]
    } = call
    if (graph.typeOf(x!) === 'bool') refuseType(kernel, 'float32 or int32', 'bool')
    const found = graph.add(op, [graph.plain(x!)], { axis: axesOf(graph, call)[0]!, keepdims: 0 })
    graph.name(output!, graph.cast(found, 'int64', 'int32'))
  }
}
