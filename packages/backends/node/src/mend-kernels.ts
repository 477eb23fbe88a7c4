import * as tf from '@tensorflow/tfjs-core'

const { computeConv2DInfo, computePool2DInfo } = tf.backend_util

type Shape4D = [number, number, number, number]
type Inputs = Readonly<Record<string, tf.Tensor4D>>
type Kernel = (inputs: Inputs, attrs: WindowAttrs) => tf.Tensor4D

interface WindowAttrs {
  readonly strides: number | [number, number]
  readonly pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil' | undefined
  readonly dilations?: number | [number, number] | null | undefined
  readonly dataFormat?: 'NHWC' | 'NCHW' | undefined
  readonly filterSize: number | [number, number]
  readonly filterShape: Shape4D
  readonly inputShape: Shape4D
}

/** A kernel whose windows read beyond the image, and which does not. */
interface Mend {
  /** Shapes of the image and of the filter. */
  readonly shapes: (inputs: Inputs, attrs: WindowAttrs) => readonly [image: Shape4D, filter?: Shape4D]
  readonly depthwise?: boolean | undefined
  /** The same from images that have the padding already, by a kernel without. */
  readonly padded: (valid: Kernel, inputs: Inputs, attrs: WindowAttrs, padding: Padding) => tf.Tensor4D
}

type Padding = [number, number][] & { length: 4 }

const forward: Mend = {
  shapes: ({ x, filter }) => [x!.shape, filter!.shape],
  padded: (valid, inputs, attrs, padding) => valid({ ...inputs, x: tf.pad(inputs.x!, padding) }, attrs)
}
const backwardToInput: Mend = {
  shapes: ({ filter }, { inputShape }) => [inputShape, filter!.shape],
  padded: (valid, inputs, attrs, padding) =>
    inside(
      valid(inputs, {
        ...attrs,
        inputShape: attrs.inputShape.map((length, i) => length + padding[i]![0] + padding[i]![1]) as Shape4D
      }),
      attrs.inputShape,
      padding
    )
}
const backwardToFilter: Mend = {
  shapes: ({ x }, { filterShape }) => [x!.shape, filterShape],
  padded: forward.padded
}

const mends: Readonly<Record<string, Mend>> = {
  Conv2D: forward,
  FusedConv2D: forward,
  Conv2DBackpropInput: backwardToInput,
  Conv2DBackpropFilter: backwardToFilter,
  DepthwiseConv2dNative: { ...forward, depthwise: true },
  FusedDepthwiseConv2D: { ...forward, depthwise: true },
  DepthwiseConv2dNativeBackpropInput: { ...backwardToInput, depthwise: true },
  DepthwiseConv2dNativeBackpropFilter: { ...backwardToFilter, depthwise: true },
  MaxPool: {
    shapes: ({ x }) => [x!.shape],
    padded: (valid, { x }, attrs, padding) => valid({ x: tf.pad(x!, padding, lowest(x!)) }, attrs)
  },
  MaxPoolGrad: {
    shapes: ({ input }) => [input!.shape],
    padded: (valid, { dy, input, output }, attrs, padding) =>
      inside(
        valid({ dy: dy!, input: tf.pad(input!, padding, lowest(input!)), output: output! }, attrs),
        input!.shape,
        padding
      )
  },
  AvgPool: {
    shapes: ({ x }) => [x!.shape],
    padded: (valid, { x }, attrs, padding) =>
      tf.div(valid({ x: tf.pad(x!, padding) }, attrs), shareInside(x!.shape, attrs, padding))
  },
  AvgPoolGrad: {
    shapes: ({ input }) => [input!.shape],
    padded: (valid, { dy, input }, attrs, padding) =>
      inside(
        valid({ dy: tf.div(dy!, shareInside(input!.shape, attrs, padding)), input: tf.pad(input!, padding) }, attrs),
        input!.shape,
        padding
      )
  }
}

let mended = false

/**
 * Gives tfjs-node the padding by numbers that its convolutions and poolings refuse, forward and backward.
 *
 * TensorFlow has explicit padding, but takes two to four times as long for it as for `same`, and its poolings refuse
 * some of it. So numbers that pad as `same` does become that, and other images are padded before.
 */
export function mendKernels(): void {
  if (mended) return
  mended = true
  for (const [kernelName, mend] of Object.entries(mends)) {
    const config = tf.getKernel(kernelName, 'tensorflow')
    if (config === undefined) continue
    const { kernelFunc } = config
    tf.unregisterKernel(kernelName, 'tensorflow')
    tf.registerKernel({
      ...config,
      kernelFunc: call => {
        const attrs = call.attrs as object as WindowAttrs
        if (typeof attrs.pad === 'string' || attrs.pad === 0) return kernelFunc(call)
        const original: Kernel = (inputs, attrs) =>
          kernelFunc({ ...call, inputs, attrs: attrs as object as tf.NamedAttrMap }) as tf.Tensor4D
        return tf.tidy(() => withoutNumbers(mend, original, call.inputs as object as Inputs, attrs))
      }
    })
  }
}

function withoutNumbers(
  { shapes, depthwise = false, padded }: Mend,
  original: Kernel,
  inputs: Inputs,
  attrs: WindowAttrs
): tf.Tensor4D {
  const { strides, pad, dimRoundingMode, dilations, dataFormat = 'NHWC', filterSize } = attrs
  if (dataFormat !== 'NHWC')
    throw new Error(
      `backend-node: expected images padded by ${JSON.stringify(pad)} to have the data format NHWC, ` +
        `got ${dataFormat}. Transpose them.`
    )
  const [image, filter] = shapes(inputs, attrs)
  const windows = (pad: WindowAttrs['pad']): tf.backend_util.Conv2DInfo =>
    filter === undefined
      ? computePool2DInfo(image, filterSize, strides, dilations ?? 1, pad, dimRoundingMode)
      : computeConv2DInfo(image, filter, strides, dilations ?? 1, pad, dimRoundingMode, depthwise)
  const padding = paddingOf(windows(pad))
  if (tf.util.arraysEqual(padding.flat(), paddingOf(windows('same')).flat()))
    return original(inputs, { ...attrs, pad: 'same' })
  return padded(original, inputs, { ...attrs, pad: 'valid' }, padding)
}

/** As much as the windows read: where their number is rounded up, they read beyond what was asked for. */
function paddingOf(windows: tf.backend_util.Conv2DInfo): Padding {
  const {
    padInfo: { top, bottom, left, right }
  } = windows
  const below = (windows.outHeight - 1) * windows.strideHeight + windows.effectiveFilterHeight - windows.inHeight - top
  const beside = (windows.outWidth - 1) * windows.strideWidth + windows.effectiveFilterWidth - windows.inWidth - left
  return [
    [0, 0],
    [top, Math.max(bottom, below)],
    [left, Math.max(right, beside)],
    [0, 0]
  ]
}

const inside = (x: tf.Tensor4D, shape: Shape4D, padding: Padding): tf.Tensor4D =>
  tf.slice(x, padding.map(([before]) => before) as Shape4D, shape)

/** What never is the largest. */
const lowest = ({ dtype }: tf.Tensor): number => (dtype === 'float32' ? -Infinity : -(2 ** 31))

/** How much of each window lies inside the image, of one: what is outside does not count in a mean. */
const shareInside = ([, height, width]: Shape4D, { filterSize, strides }: WindowAttrs, padding: Padding): tf.Tensor4D =>
  tf.avgPool(tf.pad(tf.ones([1, height, width, 1]), padding) as tf.Tensor4D, filterSize, strides, 'valid')
