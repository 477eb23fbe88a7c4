import { checkOptions, seeded, type Random } from '@lapstrake/core'
import { checkWhole, longestEdge } from '../whole-number.ts'
import type { ImageDataset } from './images.ts'
import { inMemory } from './in-memory.ts'

/** Which shapes are drawn. */
export interface DrawShapesOptions {
  readonly count?: number | undefined
  readonly seed?: number | undefined
  /** Height and width in pixels. */
  readonly size?: number | undefined
}

/** A shape about the origin, of radius about 1: below 0 inside. */
type Outline = (x: number, y: number) => number

/** A star whose radius goes back and forth between 1 and `depth`. */
const star =
  (points: number, depth: number): Outline =>
  (x, y) => {
    const turn = Math.PI / points
    const between = Math.abs(((Math.atan2(y, x) + 2 * Math.PI) % (2 * turn)) / turn - 1)
    return Math.hypot(x, y) - (depth + (1 - depth) * between)
  }

const outlines: Readonly<Record<string, Outline>> = {
  disc: (x, y) => Math.hypot(x, y) - 0.9,
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) - 0.78,
  triangle: (x, y) => Math.max(y - 0.55, Math.abs(x) * 1.75 - y - 0.85),
  star: star(5, 0.4),
  cross: (x, y) =>
    Math.min(Math.max(Math.abs(x) - 0.28, Math.abs(y) - 0.95), Math.max(Math.abs(y) - 0.28, Math.abs(x) - 0.95)),
  ring: (x, y) => Math.abs(Math.hypot(x, y) - 0.7) - 0.22,
  crescent: (x, y) => Math.max(Math.hypot(x, y) - 0.95, 0.75 - Math.hypot(x - 0.45, y)),
  bars: (x, y) => Math.max(Math.abs(Math.abs(x) - 0.5) - 0.24, Math.abs(y) - 0.9)
}

/** As long as arrays may be on every host. */
const mostBytes = 2 ** 32

/**
 * Draws shapes, lighter than what is behind them: the class is the shape; its colour, texture, place, size and turn and
 * the background are nuisances. The same pixels for the same seed, everywhere, and the first of many are those of few.
 *
 * @throws RangeError for a count or size that is not a whole number above 0, or images that take more than four
 * gigabytes
 * @throws TypeError for what is none of the options
 */
export function drawShapes(options: DrawShapesOptions = {}): ImageDataset {
  checkOptions('drawShapes', options, { count: 'number', seed: 'number', size: 'number' })
  const { count = 5000, seed = 0, size = 28 } = options
  checkShapes('drawShapes', { count, size })
  const classes = Object.keys(outlines)
  const images = new Uint8Array(count * size * size * 3)
  const labels = new Int32Array(count)
  const random = seeded(seed).split('shapes')
  for (let i = 0; i < count; i++) {
    labels[i] = i % classes.length
    draw(
      images.subarray(i * size * size * 3, (i + 1) * size * size * 3),
      size,
      outlines[classes[labels[i]!]!]!,
      random.split(i)
    )
  }
  return inMemory({ name: 'drawn shapes', classes, shape: [size, size, 3], images, labels })
}

/** Before anything is drawn. */
export function checkShapes(
  who: string,
  { count, size }: { readonly count: number; readonly size: number },
  what = 'count'
): void {
  checkWhole(who, 'size', size, 1, longestEdge)
  checkWhole(who, what, count, 1, Math.floor(mostBytes / (size * size * 3)))
}

type Texture = (x: number, y: number) => number

function draw(pixels: Uint8Array, length: number, outline: Outline, random: Random): void {
  const u = random.uniforms(24)
  const noise = random.split('noise').uniforms(length * length)
  const [turn, radius] = [2 * Math.PI * u[0]!, 0.3 + 0.18 * u[1]!]
  const [cx, cy] = [0.5 + 0.3 * (u[2]! - 0.5), 0.5 + 0.3 * (u[3]! - 0.5)]
  const front = [colour(u[4]!, u[5]!, 0.55), colour(u[6]!, u[7]!, 0.55)] as const
  const back = [colour(u[8]!, u[9]!, 0.05), colour(u[10]!, u[11]!, 0.05)] as const
  const frontTexture = texture(u[12]!, u[13]!, u[14]!)
  const backTexture = texture(u[15]!, u[16]!, u[17]!)
  const grain = 0.25 * u[18]!
  const [cos, sin] = [Math.cos(turn) / radius, Math.sin(turn) / radius]
  const taps = 3
  for (let row = 0; row < length; row++) {
    for (let column = 0; column < length; column++) {
      let inside = 0
      for (let tap = 0; tap < taps * taps; tap++) {
        const x = (column + ((tap % taps) + 0.5) / taps) / length - cx
        const y = (row + (Math.floor(tap / taps) + 0.5) / taps) / length - cy
        if (outline(cos * x + sin * y, cos * y - sin * x) < 0) inside += 1 / (taps * taps)
      }
      const [x, y] = [column / length, row / length]
      const [f, b] = [frontTexture(x, y), backTexture(x, y)]
      const at = row * length + column
      for (let c = 0; c < 3; c++) {
        const fore = front[0][c]! * f + front[1][c]! * (1 - f)
        const ground = back[0][c]! * b + back[1][c]! * (1 - b)
        const value = inside * fore + (1 - inside) * ground + grain * (noise[at]! - 0.5)
        pixels[at * 3 + c] = Math.round(255 * Math.min(1, Math.max(0, value)))
      }
    }
  }
}

/** A colour of any hue, from pale to full, no channel of which is below the least or 0.4 above it. */
function colour(hue: number, light: number, least: number): readonly number[] {
  return [0, 1 / 3, 2 / 3].map(shift => {
    const wheel = Math.abs(((hue + shift) % 1) * 6 - 3) - 1
    return least + 0.4 * (0.35 * light + 0.65 * Math.min(1, Math.max(0, wheel)) * (0.4 + 0.6 * light))
  })
}

/** Plain, a gradient, stripes or checks, from 0 to 1. */
function texture(kind: number, turn: number, scale: number): Texture {
  const angle = 2 * Math.PI * turn
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const wave = 3 + 6 * scale
  const along: Texture = (x, y) => cos * (x - 0.5) + sin * (y - 0.5)
  const across: Texture = (x, y) => cos * (y - 0.5) - sin * (x - 0.5)
  const band = (value: number): number => ((((value * wave) % 1) + 1) % 1 < 0.5 ? 1 : 0)
  if (kind < 0.25) return () => 1
  if (kind < 0.5) return (x, y) => along(x, y) + 0.5
  if (kind < 0.75) return (x, y) => band(along(x, y))
  return (x, y) => (band(along(x, y)) === band(across(x, y)) ? 1 : 0)
}
