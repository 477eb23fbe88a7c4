import { checkOptions } from '@lapstrake/core'
import { checkShapes, drawShapes } from '../datasets/draw-shapes.ts'
import type { ImageDataset } from '../datasets/images.ts'
import { dataOf, type Data } from './data.ts'

/** Which shapes are drawn. */
export interface ShapesOptions {
  /** How many are there to train with: 4000. */
  readonly limit?: number | undefined
  /** How many are there to test with: 1000. */
  readonly tests?: number | undefined
  /** Height and width in pixels: 28. */
  readonly size?: number | undefined
}

/**
 * Drawn shapes, for a first run that needs no download: the class is the shape; its colour, texture, place, size and
 * turn and the background are nuisances. The same pixels everywhere.
 *
 * @throws RangeError for a number or size that is not a whole number above 0, or images that take more than four
 * gigabytes
 * @throws TypeError for what is none of the options
 */
export function shapes(options: ShapesOptions = {}): Data<ImageDataset> {
  checkOptions('shapes', options, { limit: 'number', tests: 'number', size: 'number' })
  const { limit: own = 4000, tests = 1000, size = 28 } = options
  checkShapes('shapes', { count: own, size }, 'limit')
  checkShapes('shapes', { count: tests, size }, 'tests')
  return dataOf({
    name: 'shapes',
    train: ({ limit = own }) => drawShapes({ count: limit, seed: 1, size }),
    test: ({ limit = tests }) => drawShapes({ count: limit, seed: 2, size })
  })
}
