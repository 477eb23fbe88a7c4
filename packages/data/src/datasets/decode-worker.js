// Runs in a worker thread. Plain JavaScript, so that the thread starts from sources as it does from a package.
import { open } from 'node:fs/promises'
import { parentPort } from 'node:worker_threads'
import sharp from 'sharp'

parentPort.on('message', async ({ id, source, length }) => {
  try {
    const image = sharp(typeof source === 'string' || source instanceof Uint8Array ? source : await partOf(source), { failOn: 'truncated' }).removeAlpha().toColourspace('srgb')
    const sized = length === undefined ? image : image.resize(length, length, { fit: 'cover' })
    const pixels = new Uint8Array(await sized.raw().toBuffer())
    parentPort.postMessage({ id, pixels }, [pixels.buffer])
  } catch (error) {
    parentPort.postMessage({ id, error: error.message })
  }
})

/** Some bytes of a file. */
async function partOf({ path, offset, size }) {
  const file = await open(path)
  try {
    const bytes = new Uint8Array(size)
    await file.read(bytes, 0, size, offset)
    return bytes
  } finally {
    await file.close()
  }
}
