import { UnreadableExample, type Dataset } from '@lapstrake/data'
import { crc32c } from '@lapstrake/files'

/** Examples that are looked at. */
const most = 64

/**
 * A checksum of what a data set shows at 64 places and at its ends, and of its size: another folder of images, or the
 * same with a file more, has another; the same in another place has the same. An example that cannot be read counts as
 * such.
 */
export async function fingerprintOf(dataset: Dataset): Promise<string> {
  const count = Math.min(most, dataset.size)
  const places = [
    ...new Set(Array.from({ length: count }, (_, i) => Math.floor((i * (dataset.size - 1)) / Math.max(1, count - 1))))
  ]
  const shown = await Promise.all(
    places.map(async place => {
      try {
        const { images, labels } = await dataset.read([place])
        return `${crc32c(images)} ${labels[0]}`
      } catch (error) {
        // A lack of memory, say, passes: data that are the same must not look like others for it.
        if (!(error instanceof UnreadableExample)) throw error
        return 'unreadable'
      }
    })
  )
  return crc32c(`${dataset.size} ${dataset.shape.join(' ')}\n${shown.join('\n')}`)
    .toString(16)
    .padStart(8, '0')
}
