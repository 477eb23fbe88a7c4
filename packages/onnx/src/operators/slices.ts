import type { Attributes, Call, Operand } from '@lapstrake/kernels'
import * as tf from '@tensorflow/tfjs-core'
import type { Graph } from '../graph.ts'
import { open, refuseBatch } from '../lengths.ts'
import { ofShape } from './of-shape.ts'
import type { Translations } from './translation.ts'

/** Parts of a tensor, and more than it. */
export const slices: Translations = {
  Slice(graph, call) {
    const [two, three] = both(graph, call, ({ begin, size }, shape) => {
      const [starts = [], sizes = []] = tf.slice_util.parseSliceParams(
        ofShape(shape),
        begin as number[],
        size as number[]
      )
      return starts.map((start, axis) => ({ start, end: start + sizes[axis]!, step: 1, length: shape[axis]! }))
    })
    graph.name(call.outputs[0]!, slice(graph, call, call.inputs.x!, two, three))
  },
  StridedSlice(graph, call) {
    const [two, three] = both(graph, call, (attrs, shape) => {
      const [begin, end, strides] = [attrs.begin, attrs.end, attrs.strides] as [number[], number[], number[]]
      const masks = [attrs.beginMask, attrs.endMask, attrs.ellipsisMask, attrs.newAxisMask, attrs.shrinkAxisMask]
      const found = tf.slice_util.sliceInfo(shape, begin, end, strides, ...(masks as Masks))
      return shape.map((length, axis) => ({
        start: found.begin[axis]!,
        end: found.end[axis]!,
        step: found.strides[axis]!,
        length
      }))
    })
    const part = slice(graph, call, call.inputs.x!, two, three)
    const shape = graph.shapeOf(call.outputs[0]!)
    if (shape.filter(length => length === open).length > 1) refuseBatch(call.kernel)
    graph.name(call.outputs[0]!, graph.add('Reshape', [part, graph.integers(shape)]))
  },
  Reverse(graph, { inputs: { x }, attrs: { dims }, outputs }) {
    const axes = tf.util.parseAxisParam(dims as number[], [...graph.shapeOf(x!)])
    graph.name(outputs[0]!, axes.length === 0 ? graph.plain(x!) : reversed(graph, x!, axes))
  },
  FlipLeftRight: (graph, { inputs: { image }, outputs }) => graph.name(outputs[0]!, reversed(graph, image!, [2])),
  PadV2(graph, { inputs: { x }, attrs, outputs }) {
    const filling = graph.scalar(attrs.constantValue as number, graph.typeOf(x!))
    graph.name(outputs[0]!, graph.add('Pad', [graph.plain(x!), padsOf(graph, attrs), filling]))
  },
  MirrorPad(graph, { kernel, inputs: { x }, attrs, outputs }) {
    if (attrs.mode === 'reflect') {
      graph.name(outputs[0]!, graph.add('Pad', [graph.plain(x!), padsOf(graph, attrs)], { mode: 'reflect' }))
      return
    }
    // This set of operators has no other mirror: the places are named one by one.
    const shape = graph.shapeOf(x!)
    const padded = (attrs.paddings as Paddings).reduce((name, [before, after], axis) => {
      if (before === 0 && after === 0) return name
      if (shape[axis] === open) refuseBatch(kernel)
      return graph.add('Gather', [name, graph.integers(mirrored(shape[axis]!, before, after))], { axis })
    }, graph.plain(x!))
    graph.name(outputs[0]!, padded)
  }
}

/** Where a slice begins and ends on an axis of some length. */
interface Cut {
  readonly start: number
  readonly end: number
  readonly step: number
  readonly length: number
}

type Masks = [number, number, number, number, number]

type Read = (attrs: Attributes, shape: number[]) => Cut[]

/** What attributes say of two images, and of three. */
const both = (graph: Graph, { inputs: { x }, attrs, attrsForThree }: Call, read: Read): [Cut[], Cut[]] => {
  const [two, three] = graph.shapesOf(x!)
  return [read(attrs, [...two]), read(attrsForThree, [...three])]
}

/** Beyond any length. */
const far = 2 ** 31 - 1

function slice(graph: Graph, { kernel }: Call, x: Operand, two: readonly Cut[], three: readonly Cut[]): string {
  const cuts = two.map((cut, axis) => {
    const other = three[axis]!
    const fromTheEnd = cut.step < 0 && cut.start === cut.length - 1 && other.start === other.length - 1
    if (!fromTheEnd && cut.start !== other.start) refuseBatch(kernel)
    return { step: cut.step, start: fromTheEnd ? far : cut.start, end: endOf(kernel, cut, other) }
  })
  return graph.add('Slice', [
    graph.plain(x),
    graph.integers(cuts.map(({ start }) => start)),
    graph.integers(cuts.map(({ end }) => end)),
    graph.integers(cuts.map((_, axis) => axis)),
    graph.integers(cuts.map(({ step }) => step))
  ])
}

/** Where a cut ends for any number of images: at a place of its own, or with them. */
function endOf(kernel: string, cut: Cut, other: Cut): number {
  if (cut.step < 0) return cut.end < 0 && other.end < 0 ? -far : cut.end === other.end ? cut.end : refuseBatch(kernel)
  if (cut.end >= cut.length && other.end >= other.length && cut.length !== other.length) return far
  return cut.end === other.end ? cut.end : refuseBatch(kernel)
}

const reversed = (graph: Graph, x: Operand, axes: readonly number[]): string =>
  graph.add('Slice', [
    graph.plain(x),
    graph.integers(axes.map(() => far)),
    graph.integers(axes.map(() => -far)),
    graph.integers(axes),
    graph.integers(axes.map(() => -1))
  ])

type Paddings = readonly (readonly [number, number])[]

/** What comes before each axis, then what comes behind each. */
const padsOf = (graph: Graph, { paddings }: Attributes): string =>
  graph.integers([
    ...(paddings as Paddings).map(([before]) => before),
    ...(paddings as Paddings).map(([, after]) => after)
  ])

/** Places of a row that goes on as if it were seen in mirrors at its ends. */
const mirrored = (length: number, before: number, after: number): readonly number[] =>
  Array.from({ length: before + length + after }, (_, i) => {
    const at = i - before
    return at < 0 ? -at - 1 : at < length ? at : 2 * length - 1 - at
  })
