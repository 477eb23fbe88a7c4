// Runs in a worker thread. Plain JavaScript, so that the thread starts from sources as it does from a package.
import { parentPort } from 'node:worker_threads'
import sharp from 'sharp'

parentPort.on('message', async ({ id, bytes, length }) => {
  try {
    const image = sharp(bytes, { failOn: 'truncated' }).removeAlpha().toColourspace('srgb')
    const sized = length === undefined ? image : image.resize(length, length, { fit: 'cover' })
    const pixels = new Uint8Array(await sized.raw().toBuffer())
    parentPort.postMessage({ id, pixels }, [pixels.buffer])
  } catch (error) {
    parentPort.postMessage({ id, error: error.message })
  }
})
