import * as tf from '@tensorflow/tfjs-core'
import { scratch } from './scratch.ts'

interface ConvolutionAttrs {
  readonly strides: number | [number, number]
  readonly pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding
  readonly dataFormat: 'NHWC' | 'NCHW'
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil'
}

type Shape4D = [number, number, number, number]

const infoOf = (inputShape: Shape4D, filterShape: Shape4D, { strides, pad, dimRoundingMode, dataFormat }: ConvolutionAttrs): tf.backend_util.Conv2DInfo => {
  if (dataFormat !== undefined && dataFormat !== 'NHWC') {
    throw new Error(`backend-wasm: expected convolutions in NHWC, got ${dataFormat}. Transpose to [batch, height, width, channels] first.`)
  }
  return tf.backend_util.computeConv2DInfo(inputShape, filterShape, strides, 1, pad, dimRoundingMode)
}

const plain = { dataFormat: 'NHWC', dilations: 1, strides: 1 } as const

/**
 * The gradient of a convolution's input: what arrives, spread out by the stride, convolved with the flipped kernel. XNNPACK's
 * forward convolution does that several times faster than the backend's own kernel.
 */
export const convolutionBackpropInput = (): tf.KernelConfig => ({
  kernelName: 'Conv2DBackpropInput',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const dy = inputs.dy!
    const filter = inputs.filter!
    const given = attrs as unknown as ConvolutionAttrs & { inputShape: Shape4D }
    const info = infoOf(given.inputShape, filter.shape as Shape4D, given)
    return scratch(backend, call => {
      const flipped = call('Transpose', { x: call('Reverse', { x: filter }, { dims: [0, 1] }) }, { perm: [0, 1, 3, 2] })
      const rows = spread(info.outHeight, info.strideHeight, info.filterHeight, info.padInfo.top, info.inHeight)
      const columns = spread(info.outWidth, info.strideWidth, info.filterWidth, info.padInfo.left, info.inWidth)
      const [batch, , , channels] = dy.shape as Shape4D
      let wide = dy
      if (info.strideHeight > 1 || info.strideWidth > 1) {
        const apart = call('PadV2', { x: call('Reshape', { x: dy }, { shape: [batch * info.outHeight, info.outWidth, channels] }) },
          { paddings: [[0, 0], [0, 0], [0, (info.strideWidth - 1) * channels]], constantValue: 0 })
        const lines = call('Reshape', { x: apart }, { shape: [batch * info.outHeight, columns.length * channels] })
        const spaced = call('PadV2', { x: lines },
          { paddings: [[0, 0], [0, (info.strideHeight - 1) * columns.length * channels]], constantValue: 0 })
        wide = call('Reshape', { x: spaced }, { shape: [batch, rows.length, columns.length, channels] })
      }
      if (rows.surplus > 0 || columns.surplus > 0) {
        wide = call('Slice', { x: wide }, {
          begin: [0, 0, 0, 0], size: [batch, rows.length - rows.surplus, columns.length - columns.surplus, channels]
        })
      }
      const pad = [[0, 0], [rows.before, rows.after], [columns.before, columns.after], [0, 0]]
      return call('Conv2D', { x: wide, filter: flipped }, { ...plain, pad })
    })
  }
})

/** One axis of what arrives, spread out by the stride: its length, the zeros to add at both ends, and what to cut off instead. */
function spread(out: number, stride: number, size: number, padBefore: number, wanted: number):
  { length: number; before: number; after: number; surplus: number } {
  const length = out * stride
  const before = size - 1 - padBefore
  const after = wanted + size - 1 - before - length
  return { length, before, after: Math.max(0, after), surplus: Math.max(0, -after) }
}

/**
 * The gradient of a convolution's kernel, which the backend lacks: the input convolved with what arrives, batch and channels
 * having changed places, and the stride having become a dilation.
 */
export const convolutionBackpropFilter = (): tf.KernelConfig => ({
  kernelName: 'Conv2DBackpropFilter',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const x = inputs.x!
    const dy = inputs.dy!
    const given = attrs as unknown as ConvolutionAttrs & { filterShape: Shape4D }
    const info = infoOf(x.shape as Shape4D, given.filterShape, given)
    const { filterHeight, filterWidth, inChannels, outChannels, padInfo } = info
    return scratch(backend, call => {
      if (filterHeight === 1 && filterWidth === 1 && info.strideHeight === 1 && info.strideWidth === 1 && padInfo.top + padInfo.left + padInfo.bottom + padInfo.right === 0) {
        const pixels = x.shape[0]! * info.inHeight * info.inWidth
        const a = call('Reshape', { x }, { shape: [1, pixels, inChannels] })
        const b = call('Reshape', { x: dy }, { shape: [1, pixels, outChannels] })
        return call('Reshape', { x: call('BatchMatMul', { a, b }, { transposeA: true, transposeB: false }) }, { shape: given.filterShape })
      }
      const images = call('Transpose', { x }, { perm: [3, 1, 2, 0] }) // [in, height, width, batch]
      const kernel = call('Transpose', { x: dy }, { perm: [1, 2, 0, 3] }) // [outHeight, outWidth, batch, out]
      // With a stride the last rows of the input may have touched no output: pad less, so that exactly the kernel's size comes out.
      const reach = (out: number, stride: number, size: number): number => (out - 1) * stride + size
      const bottom = reach(info.outHeight, info.strideHeight, filterHeight) - info.inHeight - padInfo.top
      const right = reach(info.outWidth, info.strideWidth, filterWidth) - info.inWidth - padInfo.left
      const cut = bottom < 0 || right < 0
        ? call('Slice', { x: images }, {
          begin: [0, 0, 0, 0], size: [inChannels, info.inHeight + Math.min(0, bottom), info.inWidth + Math.min(0, right), x.shape[0]!]
        })
        : images
      const gradient = call('Conv2D', { x: cut, filter: kernel }, {
        ...plain,
        dilations: [info.strideHeight, info.strideWidth],
        pad: [[0, 0], [padInfo.top, Math.max(0, bottom)], [padInfo.left, Math.max(0, right)], [0, 0]]
      }) // [in, filterHeight, filterWidth, out]
      return call('Transpose', { x: gradient }, { perm: [1, 2, 0, 3] })
    })
  }
})
