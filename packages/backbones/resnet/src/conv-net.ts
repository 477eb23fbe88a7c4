import { checkOptions, type Backbone } from '@lapstrake/core'
import { chain, checkWhole, convBlock, mostDeep, normNames, normOf, stageOf, type NormName } from '@lapstrake/layers'

export interface ConvNetOptions {
  /** Channels of each stage. */
  readonly widths?: readonly number[] | undefined
  /** How much each stage shrinks height and width. */
  readonly strides?: readonly number[] | undefined
  /** Convolutions in each stage. */
  readonly layers?: number | undefined
  readonly norm?: NormName | undefined
}

/**
 * Plain convolutions: each stage is `layers` times 3×3 convolution, normalisation, ReLU; its first convolution has the
 * stride.
 *
 * @throws RangeError if widths and strides differ in number, something is not a whole number above 0, there are more
 * than 1000 stages or layers, or a width or stride is above 65536
 */
export function convNet(options: ConvNetOptions = {}): Backbone {
  checkOptions<ConvNetOptions>('convNet', options, {
    widths: 'list',
    strides: 'list',
    layers: 'number',
    norm: { among: normNames }
  })
  const { widths = [32, 32, 32, 32], strides = [1, 2, 2, 1], layers = 2, norm = 'batch' } = options
  if (widths.length === 0 || widths.length !== strides.length) {
    throw new RangeError(
      `convNet: expected a width and a stride for each stage, got ${widths.length} widths and ${strides.length} ` +
        'strides.'
    )
  }
  if (![...widths, ...strides, layers].every(value => Number.isInteger(value) && value > 0)) {
    throw new RangeError(
      `convNet: expected whole numbers above 0, got widths [${widths.join()}], ` +
        `strides [${strides.join()}] and ${layers} layers.`
    )
  }
  checkWhole('convNet', 'the number of stages', widths.length, mostDeep)
  checkWhole('convNet', 'layers', layers, mostDeep)
  for (const width of widths) checkWhole('convNet', 'widths', width)
  for (const stride of strides) checkWhole('convNet', 'strides', stride)
  const kind = normOf('convNet', norm)
  return {
    name: `convNet-${widths.length}`,
    stages: widths.map((filters, i) =>
      stageOf(
        `conv${i + 1}`,
        chain(
          Array.from({ length: layers }, (_, layer) =>
            convBlock({ filters, stride: layer === 0 ? strides[i]! : 1, norm: kind })
          )
        )
      )
    )
  }
}
