import type { Graph } from '../graph.ts'
import { spread } from './elementwise.ts'
import { refuseType, type Translation, type Translations } from './translation.ts'

/** Comparisons, what is true or not, choices by that, and changes of type. */
export const logic: Translations = {
  Equal: comparison('Equal'),
  NotEqual: comparison('Equal', true),
  Greater: comparison('Greater'),
  GreaterEqual: comparison('GreaterOrEqual'),
  Less: comparison('Less'),
  LessEqual: comparison('LessOrEqual'),
  LogicalAnd: onTruths('And'),
  LogicalOr: onTruths('Or'),
  LogicalNot: onTruths('Not'),
  IsNan: ofFloat((graph, x) => graph.add('IsNaN', [x])),
  IsInf: ofFloat((graph, x) => graph.add('IsInf', [x])),
  IsFinite: ofFloat((graph, x) =>
    graph.add('Not', [graph.add('Or', [graph.add('IsNaN', [x]), graph.add('IsInf', [x])])])
  ),
  Select(graph, call) {
    const type = graph.typeOf(call.outputs[0]!)
    if (type === 'bool') refuseType(call.kernel, 'float32 or int32', type)
    const { t, e } = call.inputs
    spread(graph, call, ([condition, a, b]) =>
      graph.add('Where', [condition!, graph.cast(a!, graph.typeOf(t!), type), graph.cast(b!, graph.typeOf(e!), type)])
    )
  },
  Identity: (graph, call) => spread(graph, call, ([x]) => x!),
  Cast: (graph, call) =>
    spread(graph, call, ([x]) => graph.cast(x!, graph.typeOf(call.inputs.x!), graph.typeOf(call.outputs[0]!)))
}

function comparison(op: string, negated = false): Translation {
  return (graph, call) => {
    const from = Object.values(call.inputs).map(operand => graph.typeOf(operand))
    // Truths are compared as numbers, which is what they are in TensorFlow.js.
    const type = from.includes('float32') ? 'float32' : 'int32'
    spread(graph, call, names => {
      const compared = graph.add(
        op,
        names.map((name, i) => graph.cast(name, from[i]!, type))
      )
      return negated ? graph.add('Not', [compared]) : compared
    })
  }
}

function onTruths(op: string): Translation {
  return (graph, call) => spread(graph, call, names => graph.add(op, names))
}

function ofFloat(write: (graph: Graph, x: string) => string): Translation {
  return (graph, call) =>
    spread(graph, call, ([x]) => write(graph, graph.cast(x!, graph.typeOf(call.inputs.x!), 'float32')))
}
