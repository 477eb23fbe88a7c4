import { groupNorm, type Operand } from '@lapstrake/kernels'
import type { Graph } from '../graph.ts'
import { open, refuseBatch } from '../lengths.ts'
import { ofFloats, type Translations } from './translation.ts'

export const normalisation: Translations = ofFloats({
  FusedBatchNorm(graph, { kernel, inputs, attrs, outputs }) {
    const channels = graph.shapeOf(inputs.x!).at(-1)!
    const row = (name: string, otherwise: number): string => {
      const given = inputs[name]
      return given === undefined ? filled(graph, channels, otherwise) : rowOf(graph, kernel, given, name, channels)
    }
    const rows = [row('scale', 1), row('offset', 0), row('mean', 0), row('variance', 1)]
    const epsilon = { float: attrs.varianceEpsilon as number }
    const normal = graph.add('BatchNormalization', [graph.channelsFirst(inputs.x!), ...rows], { epsilon })
    graph.nameChannelsFirst(outputs[0]!, normal)
  },
  // Fused by lapstrake's backends.
  [groupNorm.name](graph, { kernel, inputs, attrs, outputs }) {
    const [, height, width, channels] = graph.shapeOf(inputs.x!) as [number, number, number, number]
    if (height === open || width === open) refuseBatch(kernel)
    const groups = attrs.groups as number
    const inGroups = graph.integers([-1, groups, (channels / groups) * height * width])
    const grouped = graph.add('Reshape', [graph.channelsFirst(inputs.x!), inGroups])
    const epsilon = { float: attrs.epsilon as number }
    const rows = [filled(graph, groups, 1), filled(graph, groups, 0)]
    const normal = graph.add('InstanceNormalization', [grouped, ...rows], { epsilon })
    const maps = graph.add('Reshape', [normal, graph.integers([-1, channels, height, width])])
    const scaled = graph.add('Mul', [maps, graph.spreading(inputs.scale!, true)])
    const moved = graph.add('Add', [scaled, graph.spreading(inputs.offset!, true)])
    graph.nameChannelsFirst(outputs[0]!, attrs.relu ? graph.add('Relu', [moved]) : moved)
  },
  LRN(graph, { inputs, attrs, outputs }) {
    const { depthRadius, bias, alpha, beta } = attrs as Record<'depthRadius' | 'bias' | 'alpha' | 'beta', number>
    const size = 2 * depthRadius + 1
    // ONNX divides the sum of squares by how many there are.
    const numbers = { size, alpha: { float: alpha * size }, beta: { float: beta }, bias: { float: bias } }
    graph.nameChannelsFirst(outputs[0]!, graph.add('LRN', [graph.channelsFirst(inputs.x!)], numbers))
  }
})

const filled = (graph: Graph, length: number, value: number): string =>
  graph.constant([length], new Float32Array(length).fill(value))

/** A number for each channel, from a row of them or from one for all. */
function rowOf(graph: Graph, kernel: string, operand: Operand, name: string, channels: number): string {
  const shape = graph.shapeOf(operand)
  if (shape.join() === String(channels)) return graph.plain(operand)
  if (shape.join() === '1' && typeof operand !== 'number') return filled(graph, channels, operand.values[0]!)
  throw new Error(
    `toOnnx: expected the ${name} of ${kernel} to be a number for each of ${channels} channels, ` +
      `got [${shape.join(', ')}]. Write it with sums and products.`
  )
}
