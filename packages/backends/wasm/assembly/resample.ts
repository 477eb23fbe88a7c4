// Images of another size. Each place of an axis of the larger or smaller image lies between two of the other: tables
// say which (two numbers), and how far it is from the first.
import { address, int, loadSome, storeSome } from './common'

@inline

function first(table: usize, i: i32): i32 {
  return load<i32>(table + <usize>(12 * i))
}

@inline

function second(table: usize, i: i32): i32 {
  return load<i32>(table + <usize>(12 * i), 4)
}

@inline

function fraction(table: usize, i: i32): f32 {
  return load<f32>(table + <usize>(12 * i), 8)
}

/**
 * Pixels blended of four, or one of them. Work: lines of the result.
 *
 * Arguments: source, target, height, width, channels, height and width of the result, tables of its lines and columns,
 * whether it blends.
 */
export function resample(args: usize, from: i32, to: i32, thread: i32): void {
  const height = int(args, 2),
    width = int(args, 3),
    channels = int(args, 4),
    tall = int(args, 5),
    wide = int(args, 6)
  const lines = address(args, 7),
    columns = address(args, 8),
    blends = int(args, 9) != 0
  const bytes = (<usize>channels) << 2
  let out = address(args, 1) + <usize>(from * wide) * bytes
  for (let line = from; line < to; line++) {
    const image = line / tall,
      row = line - image * tall
    const map = address(args, 0) + <usize>(image * height * width) * bytes
    const above = map + <usize>(first(lines, row) * width) * bytes,
      below = map + <usize>(second(lines, row) * width) * bytes
    const down = f32x4.splat(fraction(lines, row))
    for (let column = 0; column < wide; column++, out += bytes) {
      const left = <usize>first(columns, column) * bytes,
        right = <usize>second(columns, column) * bytes
      const across = f32x4.splat(fraction(columns, column))
      for (let channel = 0; channel < channels; channel += 4) {
        const place = (<usize>channel) << 2
        let value = v128.load(above + left + place)
        if (blends) {
          const topRight = v128.load(above + right + place),
            bottomLeft = v128.load(below + left + place),
            bottomRight = v128.load(below + right + place)
          value = f32x4.add(value, f32x4.mul(f32x4.sub(topRight, value), across))
          const bottom = f32x4.add(bottomLeft, f32x4.mul(f32x4.sub(bottomRight, bottomLeft), across))
          value = f32x4.add(value, f32x4.mul(f32x4.sub(bottom, value), down))
        }
        storeSome(out + place, value, channels - channel)
      }
    }
  }
}

@inline

function add(to: usize, value: v128, count: i32): void {
  storeSome(to, f32x4.add(loadSome(to, count), value), count)
}

/**
 * What arrives at the pixels of the result goes to those it was made of; the target is zero before. Work: images.
 * Arguments: as of resample, from what arrives to the images before.
 */
export function resampleBack(args: usize, from: i32, to: i32, thread: i32): void {
  const height = int(args, 2),
    width = int(args, 3),
    channels = int(args, 4),
    tall = int(args, 5),
    wide = int(args, 6)
  const lines = address(args, 7),
    columns = address(args, 8),
    blends = int(args, 9) != 0
  const bytes = (<usize>channels) << 2
  for (let image = from; image < to; image++) {
    let arriving = address(args, 0) + <usize>(image * tall * wide) * bytes
    const map = address(args, 1) + <usize>(image * height * width) * bytes
    for (let row = 0; row < tall; row++) {
      const above = map + <usize>(first(lines, row) * width) * bytes,
        below = map + <usize>(second(lines, row) * width) * bytes
      const down = fraction(lines, row)
      for (let column = 0; column < wide; column++, arriving += bytes) {
        const left = <usize>first(columns, column) * bytes,
          right = <usize>second(columns, column) * bytes
        const across = fraction(columns, column)
        for (let channel = 0; channel < channels; channel += 4) {
          const place = (<usize>channel) << 2,
            count = channels - channel
          const value = v128.load(arriving + place)
          if (blends) {
            add(above + left + place, f32x4.mul(value, f32x4.splat((1 - down) * (1 - across))), count)
            add(above + right + place, f32x4.mul(value, f32x4.splat((1 - down) * across)), count)
            add(below + left + place, f32x4.mul(value, f32x4.splat(down * (1 - across))), count)
            add(below + right + place, f32x4.mul(value, f32x4.splat(down * across)), count)
          } else {
            add(above + left + place, value, count)
          }
        }
      }
    }
  }
}
