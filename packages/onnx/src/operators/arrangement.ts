import type { Call, Operand } from '@lapstrake/kernels'
import * as tf from '@tensorflow/tfjs-core'
import type { Graph } from '../graph.ts'
import { isBatch, open, refuseBatch } from '../lengths.ts'
import { ofShape } from './of-shape.ts'
import { refuseType, type Translations } from './translation.ts'

/** Numbers of any type in other places. */
export const arrangement: Translations = {
  Reshape: reshape,
  ExpandDims: reshape,
  Transpose(graph, { inputs: { x }, attrs: { perm }, outputs }) {
    graph.name(outputs[0]!, graph.add('Transpose', [graph.plain(x!)], { perm: perm as readonly number[] }))
  },
  Concat(graph, { inputs, attrs: { axis }, outputs }) {
    graph.name(outputs[0]!, graph.add('Concat', alike(graph, inputs, outputs[0]!), { axis: axis as number }))
  },
  Pack(graph, { inputs, attrs, outputs }) {
    const axis = axisOf(attrs.axis, graph.shapeOf(outputs[0]!).length)
    const parts = alike(graph, inputs, outputs[0]!).map(name => graph.add('Unsqueeze', [name, graph.integers([axis])]))
    graph.name(outputs[0]!, graph.add('Concat', parts, { axis }))
  },
  Unpack(graph, call) {
    const axis = axisOf(call.attrs.axis, graph.shapeOf(call.inputs.value!).length)
    const parts = split(
      graph,
      call,
      call.inputs.value!,
      axis,
      call.outputs.map(() => 1)
    )
    parts.forEach((part, i) => graph.name(call.outputs[i]!, graph.add('Squeeze', [part, graph.integers([axis])])))
  },
  SplitV(graph, call) {
    const {
      inputs: { x },
      attrs,
      outputs
    } = call
    const shape = graph.shapesOf(x!)[0]
    const axis = axisOf(attrs.axis, shape.length)
    const sizes = tf.backend_util.prepareSplitSize(ofShape(shape), attrs.numOrSizeSplits as number | number[], axis)
    split(graph, call, x!, axis, sizes).forEach((part, i) => graph.name(outputs[i]!, part))
  },
  Tile(graph, { kernel, inputs: { x }, attrs, attrsForThree, outputs }) {
    const [two, three] = [attrs.reps, attrsForThree.reps] as [number[], number[]]
    const times = two.map((count, axis) =>
      count === three[axis] ? count : isBatch(count, three[axis]!) ? open : refuseBatch(kernel)
    )
    graph.name(outputs[0]!, graph.add('Tile', [graph.plain(x!), graph.lengths(times)]))
  },
  GatherV2(graph, { kernel, inputs: { x, indices }, attrs: { axis, batchDims }, outputs }) {
    if (batchDims !== 0) {
      throw new Error(
        `toOnnx: expected ${kernel} to take the same places of every image, got batchDims of ${String(batchDims)}. ` +
          `Write it with a product of tf.oneHot.`
      )
    }
    const along = axisOf(axis, graph.shapeOf(x!).length)
    graph.name(outputs[0]!, graph.add('Gather', [graph.plain(x!), graph.plain(indices!)], { axis: along }))
  },
  GatherNd(graph, { inputs: { params, indices }, outputs }) {
    const places = graph.cast(graph.plain(indices!), 'int32', 'int64')
    graph.name(outputs[0]!, graph.add('GatherND', [graph.plain(params!), places]))
  },
  OneHot(graph, { kernel, inputs: { indices }, attrs, outputs }) {
    const { depth, onValue, offValue } = attrs as { depth: number; onValue: number; offValue: number }
    const type = graph.typeOf(outputs[0]!)
    if (type === 'bool') refuseType(kernel, 'float32 or int32', type)
    const each = graph.add('Unsqueeze', [graph.plain(indices!), graph.integers([-1])])
    const places = graph.constant(
      [depth],
      Int32Array.from({ length: depth }, (_, i) => i)
    )
    const isThere = graph.add('Equal', [each, places])
    graph.name(outputs[0]!, graph.add('Where', [isThere, graph.scalar(onValue, type), graph.scalar(offValue, type)]))
  },
  DepthToSpace(graph, { inputs: { x }, attrs: { blockSize }, outputs }) {
    const maps = graph.add('DepthToSpace', [graph.channelsFirst(x!)], { blocksize: blockSize as number, mode: 'DCR' })
    graph.nameChannelsFirst(outputs[0]!, maps)
  }
}

function reshape(graph: Graph, { kernel, inputs, outputs }: Call): void {
  const shape = graph.shapeOf(outputs[0]!)
  if (shape.filter(length => length === open).length > 1) refuseBatch(kernel)
  graph.name(outputs[0]!, graph.add('Reshape', [graph.plain(Object.values(inputs)[0]!), graph.integers(shape)]))
}

const axisOf = (axis: unknown, rank: number): number => (Number(axis) < 0 ? Number(axis) + rank : Number(axis))

/** The names of operands that become of one type. */
const alike = (graph: Graph, inputs: Call['inputs'], output: number): readonly string[] =>
  Object.values(inputs).map(input => graph.cast(graph.plain(input), graph.typeOf(input), graph.typeOf(output)))

function split(graph: Graph, { kernel }: Call, x: Operand, axis: number, sizes: readonly number[]): readonly string[] {
  if (graph.shapeOf(x)[axis] === open) refuseBatch(kernel)
  return graph.addMany('Split', [graph.plain(x), graph.integers(sizes)], sizes.length, { axis })
}
