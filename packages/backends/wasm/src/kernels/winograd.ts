import type { Engine } from '../engine.ts'
import type { Product, Tap } from './product.ts'

/** Squares of 2 × 2 outputs that a thread does at a time. */
const blockSquares = 32

/** Bytes that transformed inputs and slopes may take together. */
const mostBytes = 8e6

const wide = (numbers: number): number => Math.ceil(numbers / 4) * 4

/** Bytes from one of the 16 places to the next; as in assembly/winograd.ts. */
const placeBytes = (rows: number, numbers: number): number => Math.ceil((4 * rows * numbers + 64) / 64) * 64

/** The nine taps of a filter of 3 × 3 line by line, and what lies before the first, if they are that. */
export function squareOfTaps(
  taps: readonly Tap[]
): { readonly taps: readonly Tap[]; readonly top: number; readonly left: number } | undefined {
  if (taps.length !== 9) return undefined
  const [top, left] = [-Math.min(...taps.map(({ y }) => y)), -Math.min(...taps.map(({ x }) => x))]
  const square = Array.from({ length: 9 }, (_, i) =>
    taps.find(({ y, x }) => y === Math.floor(i / 3) - top && x === (i % 3) - left)
  )
  return square.every(tap => tap !== undefined) ? { taps: square, top, left } : undefined
}

/**
 * Whether the multiplications they save are more than what transformations cost, which weighs the more the fewer the
 * channels are. Squares that hang over the edge save less.
 */
export const worthSquares = (
  engine: Engine,
  channels: number,
  columns: number,
  [height, width]: readonly [number, number]
): boolean =>
  engine.winograd &&
  (2.25 * height * width) / (4 * Math.ceil(height / 2) * Math.ceil(width / 2)) > 1 + 24 / Math.min(channels, columns)

/** A convolution by a filter of 3 × 3 with stride 1. */
export function multiplySquares(
  engine: Engine,
  product: Product,
  { taps, top, left }: NonNullable<ReturnType<typeof squareOfTaps>>
): void {
  const {
    source,
    target,
    images,
    height,
    width,
    channels,
    columns,
    grid: [outHeight, outWidth],
    filter,
    bias = 0,
    activation = 0
  } = product
  const [down, across] = [Math.ceil(outHeight / 2), Math.ceil(outWidth / 2)]
  const squares = images * down * across
  const panels = Math.ceil(columns / 8)
  const threadBytes = 704 + 16 * (placeBytes(blockSquares, wide(channels)) + placeBytes(blockSquares, columns)) + 64
  engine.withScratch(16 * panels * channels * 32, transformed =>
    engine.withScratch(4 * 9, table =>
      engine.withScratch(engine.threads * threadBytes, scratch => {
        const zeros = engine.zeros(channels + 4)
        taps.forEach((tap, i) => {
          engine.ints[table / 4 + i] = tap.place
        })
        engine.run(
          'winogradFilters',
          [filter.address, transformed, table, channels, columns, filter.channelStride, filter.columnStride],
          panels,
          100 * channels * columns
        )
        engine.run(
          'winograd',
          [
            source,
            transformed,
            target,
            height,
            width,
            channels,
            columns,
            outHeight,
            outWidth,
            top,
            left,
            down,
            across,
            squares,
            scratch,
            threadBytes,
            bias,
            activation,
            blockSquares,
            zeros
          ],
          Math.ceil(squares / blockSquares),
          32 * squares * channels * columns
        )
      })
    )
  )
}

/** What a filter's gradient is made of. Addresses of the input, of what arrives, and of the result. */
export interface FilterGradient
  extends Pick<Product, 'source' | 'target' | 'images' | 'height' | 'width' | 'channels' | 'columns' | 'grid'> {
  readonly arriving: number
  readonly top: number
  readonly left: number
}

/** The gradient of a filter of 3 × 3 with stride 1, by as many squares at a time as the memory is worth. */
export function filterGradientOfSquares(
  engine: Engine,
  {
    source,
    arriving,
    target,
    images,
    height,
    width,
    channels,
    columns,
    grid: [outHeight, outWidth],
    top,
    left
  }: FilterGradient
): void {
  const [down, across] = [Math.ceil(outHeight / 2), Math.ceil(outWidth / 2)]
  const squares = images * down * across
  const room = Math.min(squares, Math.max(256, Math.floor(mostBytes / (64 * (wide(channels) + columns)))))
  const block = Math.max(64, Math.min(256, Math.floor(16_384 / columns)))
  const threadBytes = block * (4 + 16 + 32 * Math.ceil(columns / 8)) + 64
  engine.withScratch(16 * placeBytes(room, wide(channels)) + 64, inputs =>
    engine.withScratch(16 * placeBytes(room, columns) + 64, slopes =>
      engine.withScratch(64 * channels * columns, sums =>
        engine.withScratch(engine.threads * (threadBytes + 64) + 8, scratch => {
          const zeros = engine.zeros(Math.max(channels, columns) + 4)
          const offset = scratch + engine.threads * (threadBytes + 64)
          engine.ints.fill(0, offset / 4, offset / 4 + 2)
          for (let first = 0; first < squares; first += room) {
            const count = Math.min(room, squares - first)
            engine.run(
              'winogradSquares',
              [
                source,
                arriving,
                inputs,
                slopes,
                height,
                width,
                channels,
                columns,
                outHeight,
                outWidth,
                top,
                left,
                down,
                across,
                first,
                room,
                scratch,
                zeros
              ],
              count,
              64 * count * (channels + columns)
            )
            engine.run(
              'multiplyTransposed',
              [
                inputs,
                slopes,
                sums,
                offset,
                1,
                1,
                count,
                channels,
                1,
                count,
                1,
                1,
                columns,
                count,
                zeros,
                scratch,
                threadBytes,
                block,
                Number(first > 0),
                wide(channels),
                placeBytes(room, wide(channels)),
                placeBytes(room, columns),
                4 * channels * columns,
                16 * count
              ],
              16 * Math.ceil(channels / 4),
              32 * count * channels * columns,
              engine.threads
            )
          }
          engine.run(
            'winogradTaps',
            [sums, target, channels * columns],
            Math.ceil((channels * columns) / 4),
            40 * channels * columns
          )
        })
      )
    )
  )
}
