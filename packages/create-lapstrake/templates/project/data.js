// @ts-check
import { dataOf, inMemory } from 'lapstrake'

// What you learn from: images as arrays of bytes, and their classes by name. Here they are drawn; put your own in their
// place, or leave this file out and write `data: imageFolder('photos', { size: 64 })` in recipe.js.
const side = 24
const kinds = ['disc', 'square', 'cross']

/** One image, `[side, side, 3]`: a form of a light colour at some place, on a dark one. */
function draw(kind, random) {
  const radius = 5 + 3 * random()
  const [x, y] = [0, 0].map(() => radius + random() * (side - 2 * radius))
  const [dark, light] = [0, 150].map(least => [0, 1, 2].map(() => least + 100 * random()))
  const within = {
    disc: (dx, dy) => Math.hypot(dx, dy) < radius,
    square: (dx, dy) => Math.max(Math.abs(dx), Math.abs(dy)) < 0.85 * radius,
    cross: (dx, dy) => Math.min(Math.abs(dx), Math.abs(dy)) < 0.3 * radius && Math.hypot(dx, dy) < radius
  }[kind]
  return Array.from({ length: side * side }, (_, i) => {
    const isForm = within((i % side) + 0.5 - x, Math.floor(i / side) + 0.5 - y)
    return isForm ? light : dark
  }).flat()
}

/** Numbers from 0 to 1, always the same from one seed. */
const numbers = seed => () => {
  seed = (seed * 1664525 + 1013904223) % 2 ** 32
  return seed / 2 ** 32
}

/** So many images of every kind. */
function drawn(count, seed) {
  const random = numbers(seed)
  const labels = Array.from({ length: count * kinds.length }, (_, i) => i % kinds.length)
  const images = Uint8Array.from(labels.flatMap(label => draw(kinds[label], random)))
  return inMemory({ name: 'drawings', images, shape: [side, side, 3], labels, classes: kinds })
}

export const drawings = dataOf({ name: 'drawings', train: drawn(400, 1), test: drawn(100, 2) })
