import type * as inNode from './openers.node.ts'
import { served } from './served/open-served.ts'

export { bytesAt, rgbOf } from './reading/pictures.browser.ts'

type Openers = typeof inNode

export const openCifar10: Openers['openCifar10'] = served('cifar10')
export const openCifar100: Openers['openCifar100'] = served('cifar100')
export const openFashionMnist: Openers['openFashionMnist'] = served('fashion-mnist')
export const openMnist: Openers['openMnist'] = served('mnist')
export const openPartOfFolder: Openers['openPartOfFolder'] = async (path, split, options) =>
  noDisk('imageFolder', `${path}/${options[split] ?? split}`)
export const openWebDataset: Openers['openWebDataset'] = async shards =>
  noDisk('webDataset', [shards].flat().join(', '))
export const shardsIn: Openers['shardsIn'] = async folder => noDisk('webDataset', folder)
/** A page has no folders, and says so by the path that was given. */
export const placed: Openers['placed'] = path => path

function noDisk(who: string, path: string): never {
  throw new Error(
    `${who}: expected a disk to read ${path} from, but a page has none. ` +
      'Give the page the files themselves: imageFiles(input.files), or train in Node.'
  )
}
