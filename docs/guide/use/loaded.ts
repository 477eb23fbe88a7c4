import { loadEncoder, useBackend, type ImageSource } from 'lapstrake'

/** What each stage of an encoder makes of one image: the means of its maps. */
export async function stagesOf(network: string, image: ImageSource): Promise<number[][]> {
  await useBackend('wasm')
  const { shapes, encode, read, dispose } = await loadEncoder(network)
  const images = await read(image) // [1, height, width, channels], values from 0 to 1
  const stages: number[][] = []
  for (let level = 1; level < shapes.length; level++) {
    const features = encode(images, { level, pooled: true })
    stages.push([...(await features.data())])
    features.dispose()
  }
  images.dispose()
  dispose()
  return stages
}
