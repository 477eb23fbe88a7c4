import { bitsOf } from '../engine.ts'
import { isFloat, sizeOf, vectors, type Native, type Natives } from './kernel.ts'

// The same order as in assembly/elementwise.ts, and from Sin on as in assembly/scalars.ts.
const names = [
  'Relu',
  'Relu6',
  'Neg',
  'Abs',
  'Square',
  'Sqrt',
  'Rsqrt',
  'Reciprocal',
  'Exp',
  'Log',
  'Log1p',
  'Sigmoid',
  'Tanh',
  'Step',
  'LeakyRelu',
  'Floor',
  'Ceil',
  'Round',
  'Elu',
  'Selu',
  'Softplus',
  'Sign',
  'Expm1',
  'Erf',
  'ClipByValue',
  'Sin',
  'Cos',
  'Tan',
  'Asin',
  'Acos',
  'Atan',
  'Sinh',
  'Cosh',
  'Asinh',
  'Acosh',
  'Atanh'
]

const elementwise =
  (op: number): Native =>
  ({ inputs, attrs, backend }) => {
    const x = inputs.x!
    if (!isFloat(x)) return undefined
    const result = backend.allocate(x.shape)
    const work = vectors(sizeOf(x.shape))
    backend.engine.run(
      'unary',
      [
        op,
        backend.addressOf(x),
        backend.addressOf(result),
        bitsOf(Number(attrs.alpha ?? attrs.clipValueMin ?? 0)),
        bitsOf(Number(attrs.clipValueMax ?? 0))
      ],
      work,
      8 * work
    )
    return result
  }

export const unary: Natives = Object.fromEntries(names.map((name, op) => [name, elementwise(op)]))
