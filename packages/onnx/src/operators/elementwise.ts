import { reluOfSum, type Attributes, type Call } from '@lapstrake/kernels'
import type { Graph } from '../graph.ts'
import { refuseType, type Translation, type Translations } from './translation.ts'

/** Numbers that each come from one number of each operand. */
export const elementwise: Translations = {
  Add: onNumbers(operator('Add')),
  Sub: onNumbers(operator('Sub')),
  Multiply: onNumbers(operator('Mul')),
  Maximum: onNumbers(operator('Max')),
  Minimum: onNumbers(operator('Min')),
  Pow: onNumbers(operator('Pow')),
  Neg: onNumbers(operator('Neg')),
  Abs: onNumbers(operator('Abs')),
  Sign: onNumbers(operator('Sign')),
  SquaredDifference: onNumbers((graph, operands) => square(graph, graph.add('Sub', operands))),
  Square: onNumbers((graph, [x]) => square(graph, x!)),
  AddN: onNumbers((graph, [first, ...others]) => others.reduce((sum, other) => graph.add('Add', [sum, other]), first!)),
  FloorDiv(graph, call) {
    const from = graph.typeOf(call.inputs.a!)
    // Whole numbers would be cut towards zero; double holds each of them.
    const type = from === 'int32' ? 'double' : from
    spread(graph, call, operands => {
      const quotient = graph.add(
        'Div',
        operands.map(operand => graph.cast(operand, from, type))
      )
      return graph.cast(graph.add('Floor', [quotient]), type, 'int32')
    })
  },
  RealDiv: onFloats(operator('Div')),
  Relu: onFloats(operator('Relu')),
  Relu6: onFloats((graph, [x]) => clip(graph, x!, 0, 6)),
  ClipByValue: onFloats((graph, [x], { clipValueMin, clipValueMax }) =>
    clip(graph, x!, clipValueMin as number, clipValueMax as number)
  ),
  LeakyRelu: onFloats((graph, [x], { alpha }) => graph.add('LeakyRelu', [x!], { alpha: { float: alpha as number } })),
  Prelu: onFloats(operator('PRelu')),
  Elu: onFloats(operator('Elu')),
  // ONNX has the constants of TensorFlow.js.
  Selu: onFloats(operator('Selu')),
  Step: onFloats((graph, [x], { alpha }) =>
    graph.add('Where', [graph.add('Greater', [x!, graph.scalar(0)]), graph.scalar(1), graph.scalar(alpha as number)])
  ),
  Rsqrt: onFloats((graph, [x]) => graph.add('Reciprocal', [graph.add('Sqrt', [x!])])),
  Expm1: onFloats((graph, [x]) => graph.add('Sub', [graph.add('Exp', [x!]), graph.scalar(1)])),
  Log1p: onFloats((graph, [x]) => graph.add('Log', [graph.add('Add', [x!, graph.scalar(1)])])),
  ...Object.fromEntries(
    [
      'Acos',
      'Acosh',
      'Asin',
      'Asinh',
      'Atan',
      'Atanh',
      'Ceil',
      'Cos',
      'Cosh',
      'Erf',
      'Exp',
      'Floor',
      'Log',
      'Reciprocal',
      'Round',
      'Sigmoid',
      'Sin',
      'Sinh',
      'Softplus',
      'Sqrt',
      'Tan',
      'Tanh'
    ].map(name => [name, onFloats(operator(name))])
  ),
  // Fused by lapstrake's backends.
  [reluOfSum.name]: onFloats((graph, operands) => graph.add('Relu', [graph.add('Add', operands)]))
}

/** Keeps values between two others. */
export const clip = (graph: Graph, x: string, least: number, most: number): string =>
  graph.add('Clip', [x, graph.scalar(least), graph.scalar(most)])

type WriteNames = (operands: readonly string[]) => string

/** Hands over operands that spread over each other, in the order of axes that one has already, and names the result. */
export function spread(graph: Graph, { inputs, outputs: [output] }: Call, write: WriteNames): void {
  const operands = Object.values(inputs)
  const isChannelsFirst =
    graph.shapeOf(output!).length === 4 &&
    operands.some(operand => graph.isChannelsFirst(operand)) &&
    operands.every(operand => typeof operand !== 'number' || graph.shapeOf(operand).length === 4)
  const result = write(operands.map(operand => graph.spreading(operand, isChannelsFirst)))
  if (isChannelsFirst) graph.nameChannelsFirst(output!, result)
  else graph.name(output!, result)
}

type Write = (graph: Graph, operands: readonly string[], attrs: Attributes) => string

/** For operators that know float32 only. */
function onFloats(write: Write): Translation {
  return ofTypes('float32', write)
}

/** For operators that know float32 and int32. */
function onNumbers(write: Write): Translation {
  return ofTypes('float32 or int32', write)
}

/** Operands become what the result is, as in TensorFlow.js. */
function ofTypes(allowed: string, write: Write): Translation {
  return (graph, call) => {
    const type = graph.typeOf(call.outputs[0]!)
    if (!allowed.split(' or ').includes(type)) refuseType(call.kernel, allowed, type)
    const from = Object.values(call.inputs).map(operand => graph.typeOf(operand))
    spread(graph, call, names =>
      write(
        graph,
        names.map((name, i) => graph.cast(name, from[i]!, type)),
        call.attrs
      )
    )
  }
}

function operator(op: string): Write {
  return (graph, operands) => graph.add(op, operands)
}

function square(graph: Graph, x: string): string {
  return graph.add('Mul', [x, x])
}
