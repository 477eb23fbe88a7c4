import { arrangement } from './arrangement.ts'
import { convolutions } from './convolutions.ts'
import { elementwise } from './elementwise.ts'
import { logic } from './logic.ts'
import { normalisation } from './normalisation.ts'
import { pooling } from './pooling.ts'
import { products } from './products.ts'
import { reductions } from './reductions.ts'
import { resizing } from './resizing.ts'
import { slices } from './slices.ts'
import type { Translations } from './translation.ts'

/** The translations of all kernels that are known, by the kernels' names. */
export const translations: Translations = {
  ...convolutions,
  ...pooling,
  ...normalisation,
  ...resizing,
  ...products,
  ...elementwise,
  ...logic,
  ...reductions,
  ...arrangement,
  ...slices
}

/** Kernels whose attributes may grow with the batch; their translations look at it. */
export const mayVary: readonly string[] = ['Reshape', 'Slice', 'StridedSlice', 'Tile']
