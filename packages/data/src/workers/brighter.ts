import type { Random } from '@lapstrake/core'
import type { ImageExample } from '../index.ts'

/** What `inWorkers` runs in its tests. */
export default async function brighter({ image, label }: ImageExample, random: Random): Promise<ImageExample> {
  if (label === 3) throw new RangeError('three is too many')
  const [draw = 0] = random.uniforms(1)
  return { image: image.map(value => Math.min(255, value + Math.floor(100 * draw))), label }
}
