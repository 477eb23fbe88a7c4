import * as tf from '@tensorflow/tfjs-core'

const backendName = 'tensorflow'
const { computeConv2DInfo, computePool2DInfo } = tf.backend_util

interface WindowAttrs {
  readonly strides: number | [number, number]
  readonly pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil'
  readonly dilations?: number | [number, number] | null
  readonly dataFormat?: 'NHWC' | 'NCHW'
  readonly filterSize: number | [number, number]
  readonly filterShape: Shape4D
  readonly inputShape: Shape4D
}

type Shape4D = [number, number, number, number]
type Inputs = Readonly<Record<string, tf.Tensor4D>>
type Kernel = (inputs: Inputs, attrs: WindowAttrs) => tf.TensorInfo | tf.TensorInfo[]
type Window = Pick<tf.backend_util.Conv2DInfo,
  'padInfo' | 'inHeight' | 'inWidth' | 'outHeight' | 'outWidth' | 'strideHeight' | 'strideWidth' | 'dilationHeight' | 'dilationWidth' | 'filterHeight' | 'filterWidth' |
  'effectiveFilterHeight' | 'effectiveFilterWidth'>

/** What is used here of tfjs-node's backend. */
interface NodeBackend {
  readonly binding: Readonly<Record<'TF_ATTR_INT' | 'TF_ATTR_STRING' | 'TF_ATTR_TYPE' | 'TF_FLOAT' | 'TF_INT32', number>>
  executeSingleOutput(name: string, attrs: readonly object[], inputs: readonly tf.Tensor[]): tf.Tensor
}

let mended = false

/**
 * Gives tfjs-node the padding by a number that its convolutions and poolings refuse, forward and backward: TensorFlow has it, under
 * the name of explicit padding, and for the mean of a window it is composed.
 */
export function mendKernels(): void {
  if (mended) return
  mended = true

  for (const name of ['Conv2D', 'FusedConv2D']) {
    forPaddedWindows(name, original => (inputs, attrs) => original(inputs, { ...attrs, pad: explicitPadding(convolved(inputs.x!.shape, inputs.filter!.shape, attrs)) }))
  }
  for (const name of ['DepthwiseConv2dNative', 'FusedDepthwiseConv2D']) {
    forPaddedWindows(name, original => (inputs, attrs) => original(inputs, { ...attrs, pad: explicitPadding(convolved(inputs.x!.shape, inputs.filter!.shape, attrs, true)) }))
  }
  for (const [name, depthwise] of [['Conv2DBackpropInput', false], ['DepthwiseConv2dNativeBackpropInput', true]] as const) {
    forPaddedWindows(name, () => ({ dy, filter }, attrs) => withSizes(attrs.inputShape, sizes =>
      execute(name, [sizes, filter!, dy!], convolved(attrs.inputShape, filter!.shape, attrs, depthwise))))
  }
  for (const [name, depthwise] of [['Conv2DBackpropFilter', false], ['DepthwiseConv2dNativeBackpropFilter', true]] as const) {
    forPaddedWindows(name, () => ({ x, dy }, attrs) => withSizes(attrs.filterShape, sizes =>
      execute(name, [x!, sizes, dy!], convolved(x!.shape, attrs.filterShape, attrs, depthwise))))
  }
  forPaddedWindows('MaxPool', () => ({ x }, attrs) => execute('MaxPool', [x!], pooled(x!.shape, attrs), true))
  forPaddedWindows('MaxPoolGrad', () => ({ dy, input, output }, attrs) => execute('MaxPoolGrad', [input!, output!, dy!], pooled(input!.shape, attrs), true))
  forPaddedWindows('AvgPool', () => ({ x }, attrs) => tf.tidy(() => {
    const padding = explicitPadding(pooled(x!.shape, attrs))
    const { filterSize, strides } = attrs
    return tf.div(tf.avgPool(tf.pad(x!, padding), filterSize, strides, 'valid'), shareInside(x!.shape, attrs, padding))
  }))
  forPaddedWindows('AvgPoolGrad', original => ({ dy, input }, attrs) => tf.tidy(() => {
    const padding = explicitPadding(pooled(input!.shape, attrs))
    const padded = tf.pad(input!, padding)
    const spread = original({ dy: tf.div(dy!, shareInside(input!.shape, attrs, padding)), input: padded }, { ...attrs, pad: 'valid' }) as tf.Tensor4D
    return tf.slice(spread, padding.map(([before]) => before) as Shape4D, input!.shape)
  }))
}

/** Replaces a kernel where padding is by numbers; elsewhere it stays as it was. */
function forPaddedWindows(kernelName: string, mend: (original: Kernel) => Kernel): void {
  const config = tf.getKernel(kernelName, backendName)
  if (config === undefined) return
  const original: Kernel = (inputs, attrs) => config.kernelFunc({ inputs, attrs: attrs as object as tf.NamedAttrMap, backend: tf.backend() })
  const kernel = mend(original)
  tf.unregisterKernel(kernelName, backendName)
  tf.registerKernel({
    ...config,
    kernelFunc: ({ inputs, attrs }) => {
      const { pad } = attrs as object as WindowAttrs
      const byNumbers = typeof pad === 'string' || pad === 0 ? original : kernel
      return byNumbers(inputs as object as Inputs, attrs as object as WindowAttrs)
    }
  })
}

const convolved = (inShape: Shape4D, filterShape: Shape4D, { strides, pad, dimRoundingMode, dilations, dataFormat = 'NHWC' }: WindowAttrs, depthwise = false): Window => {
  if (dataFormat !== 'NHWC') throw new Error(`backend-node: expected a convolution padded by ${JSON.stringify(pad)} to have the data format NHWC, got ${dataFormat}. Transpose before it.`)
  return computeConv2DInfo(inShape, filterShape, strides, dilations ?? 1, pad, dimRoundingMode, depthwise)
}

const pooled = (inShape: Shape4D, { filterSize, strides, pad, dimRoundingMode }: WindowAttrs): Window => computePool2DInfo(inShape, filterSize, strides, 1, pad, dimRoundingMode)

/** As much padding as the windows read: rounded up, they read beyond what was asked for. */
function explicitPadding(window: Window): [number, number][] & tf.backend_util.ExplicitPadding {
  const { padInfo: { top, bottom, left, right } } = window
  const below = (window.outHeight - 1) * window.strideHeight + window.effectiveFilterHeight - window.inHeight - top
  const beside = (window.outWidth - 1) * window.strideWidth + window.effectiveFilterWidth - window.inWidth - left
  return [[0, 0], [top, Math.max(bottom, below)], [left, Math.max(right, beside)], [0, 0]]
}

/** How much of each window lies inside the image, of one: what is outside does not count in a mean. */
const shareInside = ([, height, width]: Shape4D, { filterSize, strides }: WindowAttrs, padding: [number, number][]): tf.Tensor4D =>
  tf.avgPool(tf.pad(tf.ones([1, height, width, 1]), padding) as tf.Tensor4D, filterSize, strides, 'valid')

function withSizes<T>(shape: Shape4D, f: (sizes: tf.Tensor) => T): T {
  const sizes = tf.tensor1d(shape, 'int32')
  try {
    return f(sizes)
  } finally {
    sizes.dispose()
  }
}

/** Runs an operation of TensorFlow that moves a window over images. */
function execute(name: string, inputs: readonly tf.Tensor[], window: Window, pooling = false): tf.Tensor {
  const backend = tf.backend() as unknown as NodeBackend
  const { TF_ATTR_INT: ints, TF_ATTR_STRING: string, TF_ATTR_TYPE: type, TF_FLOAT, TF_INT32 } = backend.binding
  return backend.executeSingleOutput(name, [
    { name: 'T', type, value: inputs.at(-1)!.dtype === 'int32' ? TF_INT32 : TF_FLOAT },
    { name: 'strides', type: ints, value: [1, window.strideHeight, window.strideWidth, 1] },
    { name: 'padding', type: string, value: 'EXPLICIT' },
    { name: 'explicit_paddings', type: ints, value: explicitPadding(window).flat() },
    { name: 'data_format', type: string, value: 'NHWC' },
    pooling
      ? { name: 'ksize', type: ints, value: [1, window.filterHeight, window.filterWidth, 1] }
      : { name: 'dilations', type: ints, value: [1, window.dilationHeight, window.dilationWidth, 1] }
  ], inputs)
}
