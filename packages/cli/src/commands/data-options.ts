// What `--data` and `--size` are, for every command that has them.
import type { StringArgDef } from 'citty'
import { dataNames, usualSize } from './data-by-name.ts'

/** Said wherever data may be read. */
export const whereDataLie = "Data sets are looked for in the folder that LAPSTRAKE_DATA names, then in the user's cache"

/** Of a recipe. */
export const ownData: Readonly<Record<'data' | 'size' | 'labels-from', StringArgDef>> = {
  data: {
    type: 'string',
    description:
      `${dataNames.join(', ')}, a folder of images or a file of NumPy's arrays (.npz); the recipe's own when left ` +
      `out. ${whereDataLie}`
  },
  size: {
    type: 'string',
    description: `Height and width that images of a folder are brought to; ${usualSize} when left out`
  },
  'labels-from': {
    type: 'string',
    description:
      'A table of the labels of a folder of images: CSV with a header file,label, or JSON; none for images without ' +
      'labels. labels.csv or labels.json in the folder, or folders as classes, when left out'
  }
}

/** Of a folder of images in place of a run's own data. */
export const folderInPlace: Readonly<Record<'size' | 'labels-from', StringArgDef>> = {
  size: {
    type: 'string',
    description: 'Height and width that images of such a folder are brought to; those of the run when left out'
  },
  'labels-from': ownData['labels-from']
}

/** Of a run. */
export const dataInPlace: StringArgDef = {
  type: 'string',
  description:
    `${dataNames.join(', ')}, a folder of images or a file of NumPy's arrays (.npz), in place of the run's own ` +
    `data where that lies elsewhere. ${whereDataLie}`
}
