import { shapesOf, type FusedKernel, type Shape } from '@lapstrake/core'
import { fusedKernels } from '@lapstrake/kernels'
import * as tf from '@tensorflow/tfjs-core'
import type { DryBackend } from './dry-backend.ts'

type Infos = Readonly<Record<string, tf.TensorInfo>>

/** What leaves a kernel: a shape, of float32 where nothing else is said. */
interface Result {
  readonly shape: readonly number[]
  readonly dtype?: tf.DataType | undefined
}

interface Outcome {
  readonly results: Result | readonly Result[]
  readonly multiplyAdds?: number | undefined
}

// Attributes have the types that TensorFlow.js gives them, kernel by kernel; they are named where they are read.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Attributes = any

/** What a kernel does to shapes. */
export type ShapeRule = (inputs: Infos, attrs: Attributes) => Outcome

const { computeConv2DInfo, computePool2DInfo } = tf.backend_util
const sizeOf = (shape: readonly number[]): number => tf.util.sizeFromShape([...shape])
const named = (names: string, rule: ShapeRule): Record<string, ShapeRule> =>
  Object.fromEntries(names.split(' ').map(name => [name, rule]))
const only = (results: Outcome['results']): Outcome => ({ results })
const first = (inputs: Infos): tf.TensorInfo => Object.values(inputs)[0]!
const like = ({ shape, dtype }: tf.TensorInfo): Result => ({ shape, dtype })

/** The shape of the inputs together. */
const together = (inputs: Infos): readonly number[] =>
  Object.values(inputs)
    .map(({ shape }) => shape)
    .reduce((a, b) => tf.broadcast_util.assertAndGetBroadcastShape(a, b))

const elementwise: Readonly<Record<string, ShapeRule>> = {
  ...named(
    'Abs Neg Relu Relu6 Sign Square Round Floor Ceil ClipByValue ZerosLike OnesLike Reverse Cumsum Cumprod ' +
      'RotateWithOffset',
    inputs => only(like(first(inputs)))
  ),
  ...named(
    'Acos Acosh Asin Asinh Atan Atanh Cos Cosh Elu Erf Exp Expm1 LeakyRelu Log Log1p Reciprocal Rsqrt Selu Sigmoid ' +
      'Sin Sinh Softplus Sqrt Step Tan Tanh LogSoftmax',
    inputs => only({ shape: first(inputs).shape })
  ),
  ...named('IsFinite IsInf IsNan LogicalNot', inputs => only({ shape: first(inputs).shape, dtype: 'bool' })),
  ...named('Equal NotEqual Less LessEqual Greater GreaterEqual LogicalAnd LogicalOr LogicalXor', inputs =>
    only({ shape: together(inputs), dtype: 'bool' })
  ),
  ...named('Add Sub Multiply Maximum Minimum Mod FloorDiv Pow SquaredDifference Atan2 EluGrad Prelu', inputs =>
    only({ shape: together(inputs), dtype: first(inputs).dtype })
  ),
  RealDiv: inputs => only({ shape: together(inputs) }),
  AddN: inputs => only(like(first(inputs))),
  Softmax: ({ logits }) => only({ shape: logits!.shape }),
  Select: ({ t }) => only(like(t!)),
  Cast: ({ x }, { dtype }) => only({ shape: x!.shape, dtype }),
  Fill: (_, { shape, value, dtype }) => only({ shape, dtype: dtype ?? tf.util.inferDtype(value) }),
  OneHot: ({ indices }, { depth, dtype }) => only({ shape: [...indices!.shape, depth], dtype })
}

/** Without its reduced axes, or with ones in their place. */
function reduced({ shape }: tf.TensorInfo, axis: number | number[] | undefined, keepDims = false): readonly number[] {
  const axes = tf.util.parseAxisParam(axis as number, shape)
  return keepDims
    ? shape.map((length, i) => (axes.includes(i) ? 1 : length))
    : shape.filter((_, i) => !axes.includes(i))
}

const reductions: Readonly<Record<string, ShapeRule>> = {
  // Maxima call their axes by another name.
  ...named('Max Min Prod', ({ x }, { reductionIndices, axis, keepDims }) =>
    only({ shape: reduced(x!, reductionIndices ?? axis, keepDims), dtype: x!.dtype })
  ),
  Sum: ({ x }, { axis, keepDims }) =>
    only({ shape: reduced(x!, axis, keepDims), dtype: x!.dtype === 'bool' ? 'int32' : x!.dtype }),
  Mean: ({ x }, { axis, keepDims }) => only({ shape: reduced(x!, axis, keepDims) }),
  ...named('All Any', ({ x }, { axis, keepDims }) => only({ shape: reduced(x!, axis, keepDims), dtype: 'bool' })),
  ...named('ArgMax ArgMin', ({ x }, { axis }) => only({ shape: reduced(x!, axis), dtype: 'int32' })),
  TopK({ x }, { k }) {
    const shape = [...x!.shape.slice(0, -1), k]
    return only([
      { shape, dtype: x!.dtype },
      { shape, dtype: 'int32' }
    ])
  },
  UnsortedSegmentSum: ({ x, segmentIds }, { numSegments }) =>
    only({ shape: [numSegments, ...x!.shape.slice(segmentIds!.shape.length)], dtype: x!.dtype })
}

const movement: Readonly<Record<string, ShapeRule>> = {
  Transpose: ({ x }, { perm }) => only({ shape: (perm as number[]).map(axis => x!.shape[axis]!), dtype: x!.dtype }),
  Concat(inputs, { axis }) {
    const parts = Object.values(inputs)
    const [along] = tf.util.parseAxisParam(axis, parts[0]!.shape) as [number]
    return only({
      shape: tf.backend_util.computeOutShape(
        parts.map(({ shape }) => shape),
        along
      ),
      dtype: parts[0]!.dtype
    })
  },
  Pack(inputs, { axis }) {
    const { shape, dtype } = first(inputs)
    return only({ shape: [...shape.slice(0, axis), Object.keys(inputs).length, ...shape.slice(axis)], dtype })
  },
  Unpack({ value }, { axis }) {
    const along = axis < 0 ? value!.shape.length + (axis as number) : (axis as number)
    return only(
      Array.from({ length: value!.shape[along]! }, () => ({
        shape: value!.shape.filter((_, i) => i !== along),
        dtype: value!.dtype
      }))
    )
  },
  SplitV({ x }, { numOrSizeSplits, axis }) {
    const [along] = tf.util.parseAxisParam(axis, x!.shape) as [number]
    return only(
      tf.backend_util
        .prepareSplitSize(x!, numOrSizeSplits, along)
        .map(length => ({ shape: x!.shape.map((whole, i) => (i === along ? length : whole)), dtype: x!.dtype }))
    )
  },
  Slice: ({ x }, { begin, size }) =>
    only({ shape: tf.slice_util.parseSliceParams(x!, begin, size)[1]!, dtype: x!.dtype }),
  PadV2: ({ x }, { paddings }) =>
    only({ shape: x!.shape.map((length, i) => paddings[i][0] + length + paddings[i][1]), dtype: x!.dtype }),
  MirrorPad: ({ x }, { paddings }) =>
    only({ shape: x!.shape.map((length, i) => paddings[i][0] + length + paddings[i][1]), dtype: x!.dtype }),
  Tile: ({ x }, { reps }) => only({ shape: x!.shape.map((length, i) => length * reps[i]), dtype: x!.dtype }),
  BroadcastTo: ({ x }, { shape }) => only({ shape, dtype: x!.dtype }),
  GatherV2({ x, indices }, { axis, batchDims }) {
    const [along] = tf.util.parseAxisParam(axis, x!.shape) as [number]
    return only({
      shape: [...x!.shape.slice(0, along), ...indices!.shape.slice(batchDims ?? 0), ...x!.shape.slice(along + 1)],
      dtype: x!.dtype
    })
  },
  ...named('ResizeBilinear ResizeNearestNeighbor', ({ images }, { size }) =>
    only({ shape: [images!.shape[0]!, ...size, images!.shape[3]!] })
  ),
  ...named('ResizeBilinearGrad ResizeNearestNeighborGrad', ({ images }) => only({ shape: images!.shape })),
  CropAndResize: ({ image, boxes }, { cropSize }) => only({ shape: [boxes!.shape[0]!, ...cropSize, image!.shape[3]!] }),
  Transform: ({ image }, { outputShape }) =>
    only({ shape: [image!.shape[0]!, ...(outputShape ?? image!.shape.slice(1, 3)), image!.shape[3]!] })
}

/** A convolution from `shape` by `filter`: what leaves it, and how often a number is multiplied. */
function convolution(
  shape: readonly number[],
  filter: readonly number[],
  { strides, dilations, pad, dimRoundingMode }: Attributes,
  depthwise = false
): { readonly shape: readonly number[]; readonly multiplyAdds: number } {
  const { outShape } = computeConv2DInfo(
    shape as never,
    filter as never,
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    depthwise
  )
  const [height, width, channels] = filter as [number, number, number]
  return { shape: outShape, multiplyAdds: sizeOf(outShape) * height * width * (depthwise ? 1 : channels) }
}

/** Forward, and the gradients of the input and of the filter: each multiplies as often. */
const convolutions = (
  forward: string,
  ofInput: string,
  ofFilter: string,
  depthwise: boolean
): Record<string, ShapeRule> => ({
  ...named(forward, ({ x, filter }, attrs) => {
    const { shape, multiplyAdds } = convolution(x!.shape, filter!.shape, attrs, depthwise)
    return { results: { shape }, multiplyAdds }
  }),
  [ofInput]: ({ filter }, attrs) => ({
    results: { shape: attrs.inputShape },
    multiplyAdds: convolution(attrs.inputShape, filter!.shape, attrs, depthwise).multiplyAdds
  }),
  [ofFilter]: ({ x }, attrs) => ({
    results: { shape: attrs.filterShape },
    multiplyAdds: convolution(x!.shape, attrs.filterShape, attrs, depthwise).multiplyAdds
  })
})

const matrixProduct: ShapeRule = ({ a, b }, { transposeA, transposeB }) => {
  const [left, right] = [a!.shape, b!.shape]
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(left.slice(0, -2), right.slice(0, -2))
  const rows = left.at(transposeA ? -1 : -2)!
  const inner = left.at(transposeA ? -2 : -1)!
  const shape = [...batch, rows, right.at(transposeB ? -2 : -1)!]
  return { results: { shape }, multiplyAdds: sizeOf(shape) * inner }
}

const pooled: ShapeRule = ({ x }, { filterSize, strides, pad, dimRoundingMode }) =>
  only({ shape: computePool2DInfo(x!.shape as never, filterSize, strides, 1, pad, dimRoundingMode).outShape })

const products: Readonly<Record<string, ShapeRule>> = {
  ...convolutions('Conv2D FusedConv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter', false),
  ...convolutions(
    'DepthwiseConv2dNative FusedDepthwiseConv2D',
    'DepthwiseConv2dNativeBackpropInput',
    'DepthwiseConv2dNativeBackpropFilter',
    true
  ),
  ...named('BatchMatMul _FusedMatMul', matrixProduct),
  ...named('MaxPool AvgPool', pooled),
  ...named('MaxPoolGrad AvgPoolGrad', ({ input }) => only({ shape: input!.shape })),
  FusedBatchNorm: ({ x }) => only({ shape: x!.shape })
}

/** What the descriptor of a fused kernel says, as a rule like the others. */
const fusedRule =
  (kernel: FusedKernel): ShapeRule =>
  (inputs, attributes) => {
    const given = shapesOf(inputs)
    const shapes = kernel.shapes(given, attributes)
    return {
      results: isShape(shapes) ? { shape: shapes } : shapes.map(shape => ({ shape })),
      multiplyAdds: kernel.multiplyAdds(given, attributes)
    }
  }

const isShape = (shapes: Shape | readonly Shape[]): shapes is Shape => !Array.isArray(shapes[0])

const fused: Readonly<Record<string, ShapeRule>> = Object.fromEntries(
  fusedKernels.map(kernel => [kernel.name, fusedRule(kernel)])
)

/** Kernels by name, as far as shapes are all they need; the others run in plain JavaScript. */
const shapeRules: Readonly<Record<string, ShapeRule>> = { ...elementwise, ...reductions, ...movement, ...products }

const isNumeric = ({ dtype }: tf.TensorInfo): boolean => dtype === 'float32' || dtype === 'int32' || dtype === 'bool'

/** Registers every kernel for a dry backend; the fused ones too, if `fusing`. */
export function registerDryKernels(backendName: string, fusing: boolean): void {
  const rules = new Map(Object.entries(fusing ? { ...shapeRules, ...fused } : shapeRules))
  const plain = new Map(tf.getKernelsForBackend('cpu').map(({ kernelName, kernelFunc }) => [kernelName, kernelFunc]))
  for (const kernelName of new Set([...plain.keys(), ...rules.keys()])) {
    const rule = rules.get(kernelName)
    const fallback = plain.get(kernelName)
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc(given) {
        const backend = given.backend as DryBackend
        if (rule === undefined || !Object.values(given.inputs).every(input => input === undefined || isNumeric(input)))
          return fallback!(given)
        const { results, multiplyAdds = 0 } = rule(given.inputs as Infos, given.attrs ?? {})
        backend.multiplyAdds += multiplyAdds
        const made = [results].flat().map(({ shape, dtype = 'float32' }) => backend.makeTensorInfo([...shape], dtype))
        return Array.isArray(results) ? made : made[0]!
      }
    })
  }
}
