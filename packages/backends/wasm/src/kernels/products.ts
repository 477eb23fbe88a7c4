import type { Product, Tap } from './product.ts'
import * as tf from '@tensorflow/tfjs-core'
import type { Engine } from '../engine.ts'
import type { WasmBackend } from '../wasm-backend.ts'
import { activated, activations, type Activation } from './activations.ts'
import { attributesOf, call, isFloat, sizeOf, type Given, type Native, type Natives } from './kernel.ts'
import { fillBlock } from './movement.ts'
import { reduceColumns } from './reductions.ts'
import { filterGradientOfSquares, multiplySquares, squareOfTaps, worthSquares } from './winograd.ts'

const blockPixels = 32

function multiply({ engine }: WasmBackend, product: Product): void {
  const { place, stride, channels, columns, grid, taps } = product
  const square =
    place === undefined && stride.every(step => step === 1) && worthSquares(engine, channels, columns, grid)
      ? squareOfTaps(taps)
      : undefined
  if (square === undefined) multiplyTaps(engine, product)
  else multiplySquares(engine, product, square)
}

function multiplyTaps(engine: Engine, product: Product): void {
  const {
    source,
    target,
    images,
    height,
    width,
    channels,
    columns,
    grid,
    stride,
    taps,
    filter,
    bias = 0,
    activation = 0
  } = product
  const { size, stride: apart, first } = product.place ?? { size: grid, stride: [1, 1], first: [0, 0] }
  const panels = Math.ceil(columns / 8)
  const pixels = images * grid[0] * grid[1]
  if (pixels === 0 || columns === 0) return
  const operations = 2 * pixels * taps.length * channels * columns
  const threadBytes = 4 * (taps.length + 1) * blockPixels + 64
  engine.withScratch(panels * taps.length * channels * 32, packed =>
    engine.withScratch(engine.threads * threadBytes, scratch =>
      engine.withScratch(12 * taps.length, table => {
        const offsets = table + 4 * taps.length
        const zeros = engine.zeros(channels + 4)
        taps.forEach(({ place }, i) => (engine.ints[table / 4 + i] = place))
        writeOffsets(engine, taps, offsets)
        engine.run(
          'packPanels',
          [filter.address, packed, table, taps.length, channels, columns, filter.channelStride, filter.columnStride],
          panels,
          panels * taps.length * channels * 8
        )
        engine.run(
          'multiply',
          [
            source,
            packed,
            target,
            offsets,
            taps.length,
            height,
            width,
            channels,
            grid[0],
            grid[1],
            stride[0],
            stride[1],
            columns,
            size[0],
            size[1],
            apart[0],
            apart[1],
            first[0],
            first[1],
            bias,
            activation,
            zeros,
            scratch,
            threadBytes,
            pixels,
            channels
          ],
          Math.ceil(pixels / blockPixels),
          operations
        )
      })
    )
  )
}

function writeOffsets({ ints }: Engine, taps: readonly Tap[], address: number): void {
  taps.forEach(({ y, x }, i) => {
    ints[address / 4 + 2 * i] = y
    ints[address / 4 + 2 * i + 1] = x
  })
}

/** `[rows, depth] · [depth, columns]`; the right factor may be transposed. */
interface MatrixProduct {
  readonly left: number
  readonly right: number
  readonly target: number
  readonly rows: number
  readonly depth: number
  readonly columns: number
  readonly transposed: boolean
  readonly bias?: number | undefined
  readonly activation?: number | undefined
}

function multiplyMatrices(
  backend: WasmBackend,
  { left, right, target, rows, depth, columns, transposed, ...rest }: MatrixProduct
): void {
  multiply(backend, {
    source: left,
    target,
    images: 1,
    height: 1,
    width: rows,
    channels: depth,
    columns,
    grid: [1, rows],
    stride: [1, 1],
    taps: [{ y: 0, x: 0, place: 0 }],
    filter: { address: right, channelStride: transposed ? 1 : columns, columnStride: transposed ? depth : 1 },
    ...rest
  })
}

function matMul(given: Given, activation: Activation, bias?: tf.TensorInfo): tf.TensorInfo | undefined {
  const { inputs, attrs, backend } = given
  const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo }
  const { transposeA = false, transposeB = false } = attrs as {
    transposeA?: boolean | undefined
    transposeB?: boolean | undefined
  }
  if (!isFloat(a, b, bias)) return undefined
  const [aRank, bRank] = [a.shape.length, b.shape.length]
  const depth = a.shape[transposeA ? aRank - 2 : aRank - 1]!
  const depthOfB = b.shape[transposeB ? bRank - 1 : bRank - 2]!
  const rows = a.shape[transposeA ? aRank - 1 : aRank - 2]!
  const columns = b.shape[transposeB ? bRank - 2 : bRank - 1]!
  tf.util.assert(
    depth === depthOfB,
    () =>
      `matMul: expected inner shapes that agree, got ${depth} and ${depthOfB} of tensors with shapes ` +
      `${a.shape.join()} and ${b.shape.join()}, transposeA=${transposeA}, transposeB=${transposeB}.`
  )
  const outer = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2))
  const [aBatch, bBatch] = [sizeOf(a.shape.slice(0, -2)), sizeOf(b.shape.slice(0, -2))]
  const batch = sizeOf(outer)
  if ((aBatch !== 1 && aBatch !== batch) || (bBatch !== 1 && bBatch !== batch)) return undefined
  const perm = [...a.shape.keys()]
  perm.push(...perm.splice(-2).reverse())
  const left = transposeA ? call('Transpose', given, { x: a }, { perm }) : a
  const result = backend.allocate([...outer, rows, columns])
  const [leftAt, rightAt, resultAt] = [left, b, result].map(info => backend.addressOf(info)) as [number, number, number]
  if (depth === 0) backend.engine.floats.fill(0, resultAt / 4, resultAt / 4 + batch * rows * columns)
  else {
    for (let i = 0; i < batch; i++) {
      multiplyMatrices(backend, {
        left: leftAt + (aBatch === 1 ? 0 : 4 * i * rows * depth),
        right: rightAt + (bBatch === 1 ? 0 : 4 * i * depth * columns),
        target: resultAt + 4 * i * rows * columns,
        rows,
        depth,
        columns,
        transposed: transposeB,
        bias: bias && backend.addressOf(bias),
        activation: activations[activation]
      })
    }
  }
  if (left !== a) backend.disposeIntermediateTensorInfo(left)
  return result
}

const fusedMatMul: Native = activated((given, activation) => {
  const { bias } = given.inputs
  const columns = given.inputs.b!.shape.at(given.attrs.transposeB ? -2 : -1)!
  const fits = bias === undefined || (sizeOf(bias.shape) === columns && bias.shape.at(-1) === columns)
  const empty = sizeOf(given.inputs.a!.shape) === 0
  return fits && !empty ? matMul(given, activation, bias) : undefined
})

export interface ConvolutionAttrs {
  readonly strides: number | [number, number]
  readonly pad: 'same' | 'valid' | number
  readonly dilations?: number | [number, number] | undefined
  readonly dimRoundingMode?: 'floor' | undefined
  readonly dataFormat?: 'NHWC' | 'NCHW' | undefined
  readonly filterShape: [number, number, number, number]
  readonly inputShape: [number, number, number, number]
}

type ConvolutionInfo = tf.backend_util.Conv2DInfo

function infoOf(
  inputShape: readonly number[],
  filterShape: readonly number[],
  { strides, pad, dilations = 1, dimRoundingMode, dataFormat = 'NHWC' }: ConvolutionAttrs
): ConvolutionInfo | undefined {
  if (dataFormat !== 'NHWC') return undefined
  const info = tf.backend_util.computeConv2DInfo(
    inputShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    strides,
    dilations,
    pad,
    dimRoundingMode
  )
  return info.inChannels === filterShape[2] ? info : undefined
}

const tapsOf = ({
  filterHeight,
  filterWidth,
  dilationHeight,
  dilationWidth,
  padInfo,
  inChannels,
  outChannels
}: ConvolutionInfo): Tap[] =>
  Array.from({ length: filterHeight * filterWidth }, (_, tap) => ({
    y: Math.floor(tap / filterWidth) * dilationHeight - padInfo.top,
    x: (tap % filterWidth) * dilationWidth - padInfo.left,
    place: tap * inChannels * outChannels
  }))

function convolve(given: Given, activation: Activation): tf.TensorInfo | undefined {
  const { inputs, backend } = given
  const { x, filter, bias } = inputs as { x: tf.TensorInfo; filter: tf.TensorInfo; bias?: tf.TensorInfo | undefined }
  const info = isFloat(x, filter, bias) ? infoOf(x.shape, filter.shape, attributesOf(given)) : undefined
  if (info === undefined || (bias !== undefined && sizeOf(bias.shape) !== info.outChannels)) return undefined
  const result = backend.allocate(info.outShape)
  multiply(backend, {
    source: backend.addressOf(x),
    target: backend.addressOf(result),
    images: info.batchSize,
    height: info.inHeight,
    width: info.inWidth,
    channels: info.inChannels,
    columns: info.outChannels,
    grid: [info.outHeight, info.outWidth],
    stride: [info.strideHeight, info.strideWidth],
    taps: tapsOf(info),
    filter: { address: backend.addressOf(filter), channelStride: info.outChannels, columnStride: 1 },
    bias: bias && backend.addressOf(bias),
    activation: activations[activation]
  })
  return result
}

/**
 * The gradient for the input: a convolution of what arrives. With strides, inputs that lie so far apart see the same
 * taps, and each such grid is a convolution of its own.
 */
const inputGradient: Native = given => {
  const { inputs, backend } = given
  const { dy, filter } = inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo }
  const attrs = attributesOf<ConvolutionAttrs>(given)
  const info = isFloat(dy, filter) ? infoOf(attrs.inputShape, filter.shape, attrs) : undefined
  if (info === undefined || dy.shape.join() !== info.outShape.join()) return undefined
  const { strideHeight, strideWidth, inHeight, inWidth } = info
  const result = backend.allocate(info.inShape)
  const target = backend.addressOf(result)
  const taps = tapsOf(info)
  const isStrided = strideHeight > 1 || strideWidth > 1
  // With strides beyond the filter no output saw some of the inputs.
  if (
    strideHeight > info.filterHeight ||
    strideWidth > info.filterWidth ||
    [info.dilationHeight, info.dilationWidth].some(dilation => dilation > 1)
  )
    fillBlock(backend, result, 0)
  for (let y = 0; y < Math.min(strideHeight, inHeight); y++) {
    for (let x = 0; x < Math.min(strideWidth, inWidth); x++) {
      const seen = taps
        .filter(tap => (y - tap.y) % strideHeight === 0 && (x - tap.x) % strideWidth === 0)
        .map(tap => ({ y: (y - tap.y) / strideHeight, x: (x - tap.x) / strideWidth, place: tap.place }))
      if (seen.length === 0) continue
      multiply(backend, {
        source: backend.addressOf(dy),
        target,
        images: info.batchSize,
        height: info.outHeight,
        width: info.outWidth,
        channels: info.outChannels,
        columns: info.inChannels,
        grid: [Math.ceil((inHeight - y) / strideHeight), Math.ceil((inWidth - x) / strideWidth)],
        stride: [1, 1],
        taps: seen,
        filter: { address: backend.addressOf(filter), channelStride: 1, columnStride: info.outChannels },
        place: isStrided ? { size: [inHeight, inWidth], stride: [strideHeight, strideWidth], first: [y, x] } : undefined
      })
    }
  }
  return result
}

const filterGradient: Native = given => {
  const { inputs, backend } = given
  const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo }
  const attrs = attributesOf<ConvolutionAttrs>(given)
  const info = isFloat(x, dy) ? infoOf(x.shape, attrs.filterShape, attrs) : undefined
  if (info === undefined || dy.shape.join() !== info.outShape.join() || sizeOf(dy.shape) === 0) return undefined
  const { inChannels, outChannels, strideHeight, strideWidth, outHeight, outWidth } = info
  const taps = tapsOf(info)
  const result = backend.allocate(attrs.filterShape)
  const [source, arriving, target] = [x, dy, result].map(tensor => backend.addressOf(tensor)) as [
    number,
    number,
    number
  ]
  const grid = [outHeight, outWidth] as const
  const square =
    strideHeight === 1 && strideWidth === 1 && worthSquares(backend.engine, inChannels, outChannels, grid)
      ? squareOfTaps(taps)
      : undefined
  if (square === undefined) filterGradientOfTaps(backend, info, taps, { source, arriving, target })
  else {
    filterGradientOfSquares(backend.engine, {
      source,
      arriving,
      target,
      images: info.batchSize,
      height: info.inHeight,
      width: info.inWidth,
      channels: inChannels,
      columns: outChannels,
      grid,
      top: square.top,
      left: square.left
    })
  }
  return result
}

interface Addresses {
  readonly source: number
  readonly arriving: number
  readonly target: number
}

/**
 * Sums over a quarter of the images each, unless sums are large: threads work apart, for what another processor wrote
 * is slow to read. As many for any number of threads, so that all find the same bits.
 */
function filterGradientOfTaps(
  backend: WasmBackend,
  info: ConvolutionInfo,
  taps: readonly Tap[],
  { source, arriving, target }: Addresses
): void {
  const { engine } = backend
  const { inChannels, outChannels } = info
  const pixels = info.batchSize * info.outHeight * info.outWidth
  const numbers = taps.length * inChannels * outChannels
  const worth = numbers <= 65_536 ? Math.min(4, info.batchSize) : 1
  const each = Math.ceil(info.batchSize / worth)
  const products = Math.ceil(info.batchSize / each)
  const block = Math.max(64, Math.min(256, Math.floor(16_384 / outChannels)))
  const threadBytes = block * (4 * taps.length + 16 + 32 * Math.ceil(outChannels / 8)) + 64
  engine.withScratch(engine.threads * threadBytes, scratch =>
    engine.withScratch(8 * taps.length, offsets => {
      const zeros = engine.zeros(inChannels + 4)
      writeOffsets(engine, taps, offsets)
      const multiply = (target: number): void =>
        engine.run(
          'multiplyTransposed',
          [
            source,
            arriving,
            target,
            offsets,
            taps.length,
            info.inHeight,
            info.inWidth,
            inChannels,
            info.outHeight,
            info.outWidth,
            info.strideHeight,
            info.strideWidth,
            outChannels,
            each * info.outHeight * info.outWidth,
            zeros,
            scratch,
            threadBytes,
            block,
            0,
            inChannels,
            4 * each * info.inHeight * info.inWidth * inChannels,
            4 * each * info.outHeight * info.outWidth * outChannels,
            4 * numbers,
            pixels
          ],
          products * taps.length * Math.ceil(inChannels / 4),
          2 * pixels * numbers,
          engine.threads
        )
      if (products === 1) return multiply(target)
      engine.withScratch(4 * products * numbers, partial => {
        multiply(partial)
        reduceColumns(backend, 0, partial, 1, products, numbers, target, 1)
      })
    })
  )
}

export const products: Natives = {
  BatchMatMul: given => matMul(given, 'linear'),
  _FusedMatMul: fusedMatMul,
  Conv2D: given => convolve(given, 'linear'),
  FusedConv2D: activated(convolve),
  Conv2DBackpropInput: inputGradient,
  Conv2DBackpropFilter: filterGradient
}
