import { fashionMnist, type ImageDataset, type Data } from 'lapstrake'
import { say } from './train-given.ts'
import { dataByName, onProgress, refuseOfFolder, usualData, type OfFolder } from './data-by-name.ts'

/** Fashion-MNIST where it can be had, else drawn shapes; and a sentence that says which. */
export async function quickData(
  name: string | undefined,
  count: number,
  folder: OfFolder = {}
): Promise<{ training: ImageDataset; testing: ImageDataset; said: string }> {
  const open = async (data: Data<ImageDataset>): Promise<readonly [ImageDataset, ImageDataset]> => [
    await data.open('train', { limit: count, onProgress, onWarning: say }),
    await data.open('test', { limit: 1000, onProgress })
  ]
  const describe = (
    [training, testing]: readonly [ImageDataset, ImageDataset],
    why = ''
  ): { training: ImageDataset; testing: ImageDataset; said: string } => ({
    training,
    testing,
    said: `Data: ${training.name}, ${training.size} training and ${testing.size} test images.${why}`
  })
  if (name !== undefined) return describe(await open(dataByName(name, folder)))
  refuseOfFolder(folder, 'no --data')
  try {
    return describe(await open(fashionMnist()))
  } catch (error) {
    const [reason] = (error as Error).message.split(/[,.] /)
    return describe(await open(usualData), ` Drawn on the spot, for Fashion-MNIST is not at hand (${reason}).`)
  }
}
