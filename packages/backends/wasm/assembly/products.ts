// Products of matrices, and convolutions as such: a row of the left factor is a pixel, seen through one tap of the
// filter after another.
import { address, int, loadSome, madd, storeSome, zero } from './common'

// Steps of the inner loops end in branches: within one straight piece of code V8 moves all loads to its beginning and
// runs out of registers.

/** Pixels that one pass over the right factor serves. */
const blockPixels: i32 = 32

/** Numbers of a row that are multiplied before the next panel's turn: 512 rows of a panel are 16 kB. */
const blockDepth: i32 = 512

/**
 * The right factor in panels of eight columns, `[panel][tap][channel][8]`, zeros where columns end. Work: panels.
 *
 * Arguments: source, panels, places of the taps in the source (counted in numbers), taps, channels, columns, strides of
 * a channel and a column.
 */
export function packPanels(args: usize, from: i32, to: i32, thread: i32): void {
  const source = address(args, 0),
    panels = address(args, 1),
    tapPlaces = address(args, 2)
  const taps = int(args, 3),
    channels = int(args, 4),
    columns = int(args, 5),
    channelStride = int(args, 6) << 2,
    columnStride = int(args, 7) << 2
  for (let panel = from; panel < to; panel++) {
    let target = panels + ((<usize>panel * taps * channels) << 5)
    const first = panel << 3
    const count = min(8, columns - first)
    for (let tap = 0; tap < taps; tap++) {
      let row: usize = source + ((<usize>load<u32>(tapPlaces + ((<usize>tap) << 2))) << 2) + <usize>first * columnStride
      if (columnStride == 4 && count == 8) {
        for (let channel = 0; channel < channels; channel++) {
          v128.store(target, v128.load(row))
          v128.store(target, v128.load(row, 16), 16)
          target += 32
          row += channelStride
        }
      } else if (columnStride == 4) {
        for (let channel = 0; channel < channels; channel++) {
          v128.store(target, loadSome(row, count))
          v128.store(target, loadSome(row + 16, count - 4), 16)
          target += 32
          row += channelStride
        }
      } else {
        for (let channel = 0; channel < channels; channel++) {
          let column = row
          for (let i = 0; i < count; i++) {
            store<f32>(target + ((<usize>i) << 2), load<f32>(column))
            column += columnStride
          }
          for (let i = count; i < 8; i++) store<f32>(target + ((<usize>i) << 2), 0)
          target += 32
          row += channelStride
        }
      }
    }
  }
}

/**
 * Addresses of the pixels that a block of outputs sees through each tap, `[tap][blockPixels]`; zeros beyond the edges
 * of the map.
 */
function seen(
  pointers: usize,
  firstPixel: i32,
  pixels: i32,
  source: usize,
  tapOffsets: usize,
  taps: i32,
  height: i32,
  width: i32,
  gridHeight: i32,
  gridWidth: i32,
  strideY: i32,
  strideX: i32,
  pixelBytes: i32,
  zeros: usize,
  block: i32
): void {
  let x = firstPixel % gridWidth
  const line = firstPixel / gridWidth
  let y = line % gridHeight
  let image = line / gridHeight
  const end = min(block, pixels - firstPixel)
  for (let i = 0; i < end; ) {
    // Pixels of one line of the grid see one line of the map through a tap.
    const run = min(end - i, gridWidth - x)
    const imageStart = source + <usize>image * height * width * pixelBytes
    for (let tap = 0; tap < taps; tap++) {
      let pointer = pointers + ((<usize>(tap * block + i)) << 2)
      const last = pointer + ((<usize>run) << 2)
      const sy = y * strideY + load<i32>(tapOffsets + ((<usize>tap) << 3))
      let sx = x * strideX + load<i32>(tapOffsets + ((<usize>tap) << 3), 4)
      if (<u32>sy < <u32>height) {
        let place = imageStart + <usize>(sy * width + sx) * pixelBytes
        const step = <usize>strideX * pixelBytes
        for (; pointer < last; pointer += 4) {
          store<u32>(pointer, <u32>(<u32>sx < <u32>width ? place : zeros))
          sx += strideX
          place += step
        }
      } else {
        for (; pointer < last; pointer += 4) store<u32>(pointer, <u32>zeros)
      }
    }
    i += run
    x += run
    if (x == gridWidth) {
      x = 0
      if (++y == gridHeight) {
        y = 0
        image++
      }
    }
  }
  for (let tap = 0; tap < taps; tap++) {
    for (let i = end; i < block; i++) store<u32>(pointers + ((<usize>(tap * block + i)) << 2), <u32>zeros)
  }
}

@inline

export function activated(values: v128, activation: i32): v128 {
  if (activation == 0) return values
  const positive = f32x4.pmax(zero(), values)
  return activation == 1 ? positive : f32x4.pmin(f32x4.splat(6), positive)
}

/** Where an output goes. */
@inline

function placeOf(
  out: usize,
  image: i32,
  y: i32,
  x: i32,
  outHeight: i32,
  outWidth: i32,
  outStrideY: i32,
  outStrideX: i32,
  outY: i32,
  outX: i32,
  columns: i32
): usize {
  const pixel = (image * outHeight + outY + y * outStrideY) * outWidth + outX + x * outStrideX
  return out + ((<usize>pixel * columns) << 2)
}

/**
 * Each output pixel is the sum over taps of a pixel of the source times the filter. Work: blocks of 32 output pixels.
 *
 * Arguments: source, panels, out, offsets of the taps (pairs y, x), taps, height, width, channels, height and width of
 * the grid of outputs, strides in the source (y, x), columns, height and width of out, strides in out (y, x), first
 * place in out (y, x), bias or 0, activation (1: ReLU, 2: ReLU6), zeros (a row), scratch, bytes of scratch for a
 * thread, pixels, numbers from pixel to pixel of the source.
 */
export function multiply(args: usize, from: i32, to: i32, thread: i32): void {
  const source = address(args, 0),
    panels = address(args, 1),
    out = address(args, 2),
    tapOffsets = address(args, 3)
  const taps = int(args, 4),
    height = int(args, 5),
    width = int(args, 6),
    channels = int(args, 7)
  const gridHeight = int(args, 8),
    gridWidth = int(args, 9),
    strideY = int(args, 10),
    strideX = int(args, 11),
    columns = int(args, 12)
  const outHeight = int(args, 13),
    outWidth = int(args, 14),
    outStrideY = int(args, 15),
    outStrideX = int(args, 16),
    outY = int(args, 17),
    outX = int(args, 18)
  const bias = address(args, 19),
    activation = int(args, 20),
    zeros = address(args, 21)
  const pointers = address(args, 22) + <usize>thread * int(args, 23)
  const pixels = int(args, 24),
    pixelBytes = int(args, 25) << 2
  const places = pointers + ((<usize>taps * blockPixels) << 2) // of the outputs; 0 where there is none
  const panelCount = (columns + 7) >> 3
  const panelBytes = (<usize>taps * channels) << 5
  const deep = channels > blockDepth
  const tapsAtATime = deep ? 1 : max(1, blockDepth / max(1, channels))

  for (let block = from; block < to; block++) {
    const firstPixel = block * blockPixels
    const quads = (min(blockPixels, pixels - firstPixel) + 3) >> 2
    seen(
      pointers,
      firstPixel,
      pixels,
      source,
      tapOffsets,
      taps,
      height,
      width,
      gridHeight,
      gridWidth,
      strideY,
      strideX,
      pixelBytes,
      zeros,
      blockPixels
    )
    let x = firstPixel % gridWidth
    const line = firstPixel / gridWidth
    let y = line % gridHeight
    let image = line / gridHeight
    const step = (<usize>(outStrideX * columns)) << 2
    let place = placeOf(out, image, y, x, outHeight, outWidth, outStrideY, outStrideX, outY, outX, columns)
    for (let i = 0; i < blockPixels; i++) {
      store<u32>(places + ((<usize>i) << 2), firstPixel + i < pixels ? <u32>place : 0)
      place += step
      if (++x == gridWidth) {
        x = 0
        if (++y == gridHeight) {
          y = 0
          image++
        }
        place = placeOf(out, image, y, x, outHeight, outWidth, outStrideY, outStrideX, outY, outX, columns)
      }
    }
    for (let firstTap = 0; firstTap < taps; firstTap += tapsAtATime) {
      const endTap = min(taps, firstTap + tapsAtATime)
      for (let firstChannel = 0; firstChannel < channels; firstChannel += blockDepth) {
        const depth = min(blockDepth, channels - firstChannel)
        const begins = firstTap == 0 && firstChannel == 0
        const ends = endTap == taps && firstChannel + depth == channels
        for (let panel = 0; panel < panelCount; panel++) {
          const right = panels + <usize>panel * panelBytes + ((<usize>firstTap * channels + firstChannel) << 5)
          const column = panel << 3
          const count = columns - column
          let bias0 = zero(),
            bias1 = zero()
          if (begins && bias != 0) {
            bias0 = loadSome(bias + ((<usize>column) << 2), count)
            bias1 = loadSome(bias + ((<usize>column) << 2) + 16, count - 4)
          }
          for (let quad = 0; quad < quads; quad++) {
            const place = places + ((<usize>quad) << 4)
            const shift = (<usize>column) << 2
            const o0 = <usize>load<u32>(place) + shift
            const o1 = <usize>load<u32>(place, 4),
              o2 = <usize>load<u32>(place, 8),
              o3 = <usize>load<u32>(place, 12)
            let s00 = bias0,
              s01 = bias1,
              s10 = bias0,
              s11 = bias1,
              s20 = bias0,
              s21 = bias1,
              s30 = bias0,
              s31 = bias1
            if (!begins) {
              s00 = loadSome(o0, count)
              s01 = loadSome(o0 + 16, count - 4)
              if (o1) {
                s10 = loadSome(o1 + shift, count)
                s11 = loadSome(o1 + shift + 16, count - 4)
              }
              if (o2) {
                s20 = loadSome(o2 + shift, count)
                s21 = loadSome(o2 + shift + 16, count - 4)
              }
              if (o3) {
                s30 = loadSome(o3 + shift, count)
                s31 = loadSome(o3 + shift + 16, count - 4)
              }
            }
            let b = right
            for (let tap = firstTap; tap < endTap; tap++) {
              const pointer = pointers + ((<usize>(tap * blockPixels + (quad << 2))) << 2)
              const start = (<usize>firstChannel) << 2
              let p0 = <usize>load<u32>(pointer) + start,
                p1 = <usize>load<u32>(pointer, 4) + start
              let p2 = <usize>load<u32>(pointer, 8) + start,
                p3 = <usize>load<u32>(pointer, 12) + start
              let c = depth
              let b0: v128, b1: v128, a: v128
              while (true) {
                b0 = v128.load(b)
                b1 = v128.load(b, 16)
                a = v128.load32_splat(p0)
                s00 = madd(a, b0, s00)
                s01 = madd(a, b1, s01)
                a = v128.load32_splat(p1)
                s10 = madd(a, b0, s10)
                s11 = madd(a, b1, s11)
                a = v128.load32_splat(p2)
                s20 = madd(a, b0, s20)
                s21 = madd(a, b1, s21)
                a = v128.load32_splat(p3)
                s30 = madd(a, b0, s30)
                s31 = madd(a, b1, s31)
                if (--c == 0) {
                  b += 32
                  break
                }
                b0 = v128.load(b, 32)
                b1 = v128.load(b, 48)
                a = v128.load32_splat(p0, 4)
                s00 = madd(a, b0, s00)
                s01 = madd(a, b1, s01)
                a = v128.load32_splat(p1, 4)
                s10 = madd(a, b0, s10)
                s11 = madd(a, b1, s11)
                a = v128.load32_splat(p2, 4)
                s20 = madd(a, b0, s20)
                s21 = madd(a, b1, s21)
                a = v128.load32_splat(p3, 4)
                s30 = madd(a, b0, s30)
                s31 = madd(a, b1, s31)
                if (--c == 0) {
                  b += 64
                  break
                }
                b0 = v128.load(b, 64)
                b1 = v128.load(b, 80)
                a = v128.load32_splat(p0, 8)
                s00 = madd(a, b0, s00)
                s01 = madd(a, b1, s01)
                a = v128.load32_splat(p1, 8)
                s10 = madd(a, b0, s10)
                s11 = madd(a, b1, s11)
                a = v128.load32_splat(p2, 8)
                s20 = madd(a, b0, s20)
                s21 = madd(a, b1, s21)
                a = v128.load32_splat(p3, 8)
                s30 = madd(a, b0, s30)
                s31 = madd(a, b1, s31)
                if (--c == 0) {
                  b += 96
                  break
                }
                b0 = v128.load(b, 96)
                b1 = v128.load(b, 112)
                a = v128.load32_splat(p0, 12)
                s00 = madd(a, b0, s00)
                s01 = madd(a, b1, s01)
                a = v128.load32_splat(p1, 12)
                s10 = madd(a, b0, s10)
                s11 = madd(a, b1, s11)
                a = v128.load32_splat(p2, 12)
                s20 = madd(a, b0, s20)
                s21 = madd(a, b1, s21)
                a = v128.load32_splat(p3, 12)
                s30 = madd(a, b0, s30)
                s31 = madd(a, b1, s31)
                b += 128
                if (--c == 0) break
                p0 += 16
                p1 += 16
                p2 += 16
                p3 += 16
              }
              b += (<usize>(channels - depth)) << 5
            }
            if (ends && activation != 0) {
              s00 = activated(s00, activation)
              s01 = activated(s01, activation)
              s10 = activated(s10, activation)
              s11 = activated(s11, activation)
              s20 = activated(s20, activation)
              s21 = activated(s21, activation)
              s30 = activated(s30, activation)
              s31 = activated(s31, activation)
            }
            if (count >= 8) {
              v128.store(o0, s00)
              v128.store(o0, s01, 16)
              if (o1) {
                v128.store(o1 + shift, s10)
                v128.store(o1 + shift, s11, 16)
              }
              if (o2) {
                v128.store(o2 + shift, s20)
                v128.store(o2 + shift, s21, 16)
              }
              if (o3) {
                v128.store(o3 + shift, s30)
                v128.store(o3 + shift, s31, 16)
              }
            } else {
              storeSome(o0, s00, count)
              storeSome(o0 + 16, s01, count - 4)
              if (o1) {
                storeSome(o1 + shift, s10, count)
                storeSome(o1 + shift + 16, s11, count - 4)
              }
              if (o2) {
                storeSome(o2 + shift, s20, count)
                storeSome(o2 + shift + 16, s21, count - 4)
              }
              if (o3) {
                storeSome(o3 + shift, s30, count)
                storeSome(o3 + shift + 16, s31, count - 4)
              }
            }
          }
        }
      }
    }
  }
}

/**
 * For each tap, the product of the transposed source and what arrives: the gradient of the filter
 * `[tap][channel][column]`; several such products, if wanted. Work: pairs of a tap and four channels, one product after
 * another, which no thread shares.
 *
 * Arguments: source, arriving, out, offsets of the taps, taps, height, width, channels, height and width of the grid,
 * strides (y, x), columns, pixels of the grid, zeros (a row), scratch, bytes of scratch for a thread, pixels in a
 * block, whether out has sums to add to, numbers from pixel to pixel of the source, bytes from product to product of
 * source, arriving and out, pixels of all products together: the last may have fewer.
 */
export function multiplyTransposed(args: usize, from: i32, to: i32, thread: i32): void {
  const source = address(args, 0),
    arriving = address(args, 1),
    out = address(args, 2),
    tapOffsets = address(args, 3)
  const taps = int(args, 4),
    height = int(args, 5),
    width = int(args, 6),
    channels = int(args, 7)
  const gridHeight = int(args, 8),
    gridWidth = int(args, 9),
    strideY = int(args, 10),
    strideX = int(args, 11),
    columns = int(args, 12)
  const pixels = int(args, 13),
    zeros = address(args, 14),
    blockSize = int(args, 17),
    adds = int(args, 18) != 0,
    pixelBytes = int(args, 19) << 2
  const sourceStep = int(args, 20),
    arrivingStep = int(args, 21),
    outStep = int(args, 22),
    allPixels = int(args, 23)
  const scratch = address(args, 15) + <usize>thread * int(args, 16)
  const pointers = scratch
  const left = pointers + ((<usize>taps * blockSize) << 2) // four channels of each pixel of the block
  const right = left + ((<usize>blockSize) << 4) // panels of eight columns of it
  const panelCount = (columns + 7) >> 3
  const quads = (channels + 3) >> 2
  const units = taps * quads

  for (let product = from / units; product * units < to; product++) {
    const first = max(from - product * units, 0),
      end = min(to - product * units, units)
    const input = source + <usize>product * sourceStep,
      slopes = arriving + <usize>product * arrivingStep,
      sums = out + <usize>product * outStep
    const count = min(pixels, allPixels - product * pixels)
    for (let firstPixel = 0; firstPixel < count; firstPixel += blockSize) {
      const block = min(blockSize, count - firstPixel)
      seen(
        pointers,
        firstPixel,
        count,
        input,
        tapOffsets,
        taps,
        height,
        width,
        gridHeight,
        gridWidth,
        strideY,
        strideX,
        pixelBytes,
        zeros,
        blockSize
      )
      for (let panel = 0; panel < panelCount; panel++) {
        const columnsHere = columns - (panel << 3)
        let target = right + ((<usize>panel * blockSize) << 5)
        let row = slopes + ((<usize>firstPixel * columns + (panel << 3)) << 2)
        for (let i = 0; i < block; i++) {
          if (columnsHere >= 8) {
            v128.store(target, v128.load(row))
            v128.store(target, v128.load(row, 16), 16)
          } else {
            v128.store(target, loadSome(row, columnsHere))
            v128.store(target, loadSome(row + 16, columnsHere - 4), 16)
          }
          target += 32
          row += (<usize>columns) << 2
        }
      }
      for (let unit = first; unit < end; unit++) {
        const tap = unit / quads
        const channel = (unit - tap * quads) << 2
        const here = channels - channel
        let pointer = pointers + ((<usize>tap * blockSize) << 2)
        for (let i = 0; i < block; i++) {
          // What lies behind the last channel is multiplied too, and dropped.
          v128.store(left + ((<usize>i) << 4), v128.load(<usize>load<u32>(pointer) + ((<usize>channel) << 2)))
          pointer += 4
        }
        for (let panel = 0; panel < panelCount; panel++) {
          const column = panel << 3
          multiplyFour(
            left,
            16,
            right + ((<usize>panel * blockSize) << 5),
            block,
            sums + ((<usize>(tap * channels + channel) * columns + column) << 2),
            (<usize>columns) << 2,
            here,
            columns - column,
            adds || firstPixel > 0
          )
        }
      }
    }
  }
}

/**
 * Four rows of eight sums, or as many as there are: products of a left factor that has its rows side by side, so many
 * bytes from step to step, and a panel.
 *
 * @param line bytes from row to row of `out`
 * @param adds whether `out` has sums to add to
 */
export function multiplyFour(
  left: usize,
  leftStep: usize,
  right: usize,
  steps: i32,
  out: usize,
  line: usize,
  rows: i32,
  columns: i32,
  adds: bool
): void {
  const o1 = out + line,
    o2 = o1 + line,
    o3 = o2 + line
  let s00 = zero(),
    s01 = zero(),
    s10 = zero(),
    s11 = zero(),
    s20 = zero(),
    s21 = zero(),
    s30 = zero(),
    s31 = zero()
  if (adds) {
    s00 = loadSome(out, columns)
    s01 = loadSome(out + 16, columns - 4)
    if (rows > 1) {
      s10 = loadSome(o1, columns)
      s11 = loadSome(o1 + 16, columns - 4)
    }
    if (rows > 2) {
      s20 = loadSome(o2, columns)
      s21 = loadSome(o2 + 16, columns - 4)
    }
    if (rows > 3) {
      s30 = loadSome(o3, columns)
      s31 = loadSome(o3 + 16, columns - 4)
    }
  }
  let a = left,
    b = right,
    i = steps
  let b0: v128, b1: v128, v: v128
  while (i > 0) {
    b0 = v128.load(b)
    b1 = v128.load(b, 16)
    v = v128.load32_splat(a)
    s00 = madd(v, b0, s00)
    s01 = madd(v, b1, s01)
    v = v128.load32_splat(a, 4)
    s10 = madd(v, b0, s10)
    s11 = madd(v, b1, s11)
    v = v128.load32_splat(a, 8)
    s20 = madd(v, b0, s20)
    s21 = madd(v, b1, s21)
    v = v128.load32_splat(a, 12)
    s30 = madd(v, b0, s30)
    s31 = madd(v, b1, s31)
    if (--i == 0) break
    a += leftStep
    b0 = v128.load(b, 32)
    b1 = v128.load(b, 48)
    v = v128.load32_splat(a)
    s00 = madd(v, b0, s00)
    s01 = madd(v, b1, s01)
    v = v128.load32_splat(a, 4)
    s10 = madd(v, b0, s10)
    s11 = madd(v, b1, s11)
    v = v128.load32_splat(a, 8)
    s20 = madd(v, b0, s20)
    s21 = madd(v, b1, s21)
    v = v128.load32_splat(a, 12)
    s30 = madd(v, b0, s30)
    s31 = madd(v, b1, s31)
    i--
    a += leftStep
    b += 64
  }
  storeSome(out, s00, columns)
  storeSome(out + 16, s01, columns - 4)
  if (rows > 1) {
    storeSome(o1, s10, columns)
    storeSome(o1 + 16, s11, columns - 4)
  }
  if (rows > 2) {
    storeSome(o2, s20, columns)
    storeSome(o2 + 16, s21, columns - 4)
  }
  if (rows > 3) {
    storeSome(o3, s30, columns)
    storeSome(o3 + 16, s31, columns - 4)
  }
}
