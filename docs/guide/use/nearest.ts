import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import { useBackend } from 'lapstrake'
import { openRun } from 'lapstrake/node'

/** The images of a folder with their cosine similarity to one image, the most similar first. */
export async function nearest(
  run: string,
  folder: string,
  query: string
): Promise<{ file: string; similarity: number }[]> {
  await useBackend('wasm')
  const { encode, read, dispose } = await openRun(run)

  /** A row of length one for each image. */
  const rows = async (files: readonly string[]): Promise<tf.Tensor> => {
    const images = await read(files)
    const features = tf.tidy(() => {
      const pooled = encode(images, { pooled: true }) // [images, channels]
      return tf.div(pooled, tf.norm(pooled, 2, 1, true))
    })
    images.dispose()
    return features
  }

  const files = (await readdir(folder)).map(file => join(folder, file))
  const [all, one] = [await rows(files), await rows([query])]
  const product = tf.matMul(all as tf.Tensor2D, one as tf.Tensor2D, false, true)
  const similarities = await product.data()
  tf.dispose([all, one, product])
  dispose()
  return files.map((file, i) => ({ file, similarity: similarities[i]! })).sort((a, b) => b.similarity - a.similarity)
}
