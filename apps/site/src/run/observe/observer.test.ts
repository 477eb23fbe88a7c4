import { drawShapes, pick, type ImageDataset } from 'lapstrake'
import { expect, test } from 'vitest'
import { labelled } from './observer.ts'

const shapes = drawShapes({ count: 400, size: 28 })
const of = (wanted: (label: number) => boolean): ImageDataset =>
  pick(shapes, Uint32Array.from([...shapes.labels!.keys()].filter(place => wanted(shapes.labels![place]!))))

test('chance is one of the classes, however many images each of them has', () => {
  expect(labelled(shapes, shapes)!.chance).toBe(1 / 8)
  const [few, many] = [of(label => label < 2), of(label => label === 0)]
  // Ninety of the first class beside ten of the second.
  const uneven = pick(
    few,
    Uint32Array.from([...few.labels!.keys()].filter((place, i) => few.labels![place] === 0 || i % 9 === 0))
  )
  const { chance, mostCommon } = labelled(uneven, uneven)!
  expect(chance).toBe(1 / 2)
  expect(mostCommon).toBeCloseTo(many.size / uneven.size, 10)
  expect(mostCommon).toBeGreaterThan(0.7)
})

test('one class, or none, is nothing to tell apart', () => {
  const alone = of(label => label === 3)
  expect(labelled(alone, alone)).toBeUndefined()
})
