import type { Call, Operand } from '@lapstrake/kernels'
import type { Graph } from '../graph.ts'
import { activated } from './activation.ts'
import { ofFloats, type Translations } from './translation.ts'

export const products: Translations = ofFloats({
  BatchMatMul: product,
  _FusedMatMul: product,
  Einsum(graph, { inputs, attrs: { equation }, outputs }) {
    const operands = Object.values(inputs).map(input => graph.plain(input))
    graph.name(outputs[0]!, graph.add('Einsum', operands, { equation: equation as string }))
  }
})

function product(graph: Graph, call: Call): void {
  const { inputs, attrs, outputs } = call
  const side = (operand: Operand, transposed: unknown): string => {
    const name = graph.plain(operand)
    if (!transposed) return name
    const axes = graph.shapeOf(operand).map((_, axis) => axis)
    return graph.add('Transpose', [name], { perm: [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!] })
  }
  const multiplied = graph.add('MatMul', [side(inputs.a!, attrs.transposeA), side(inputs.b!, attrs.transposeB)])
  const { bias } = inputs
  const moved = bias === undefined ? multiplied : graph.add('Add', [multiplied, graph.spreading(bias, false)])
  graph.name(outputs[0]!, activated(graph, moved, call))
}
