// Runs in a worker thread. Plain JavaScript, so that the thread starts from sources as it does from a package.
import { parentPort } from 'node:worker_threads'
import sharp from 'sharp'

const how = { failOn: 'error', autoOrient: true }

parentPort.on('message', async ({ id, bytes, height, width, background, frame, raw }) => {
  try {
    const picture = raw ? flatPixels(bytes, background, raw) : await flat(bytes, background, frame)
    const image = picture.toColourspace('srgb')
    const sized = height === undefined ? image : image.resize(width, height, { fit: 'cover' })
    const pixels = new Uint8Array(await sized.raw().toBuffer())
    parentPort.postMessage({ id, pixels }, [pixels.buffer])
  } catch (error) {
    parentPort.postMessage({ id, error: error.message })
  }
})

/** Pixels that need no decoding, without transparency. */
function flatPixels(bytes, [r, g, b], raw) {
  const image = sharp(bytes, { raw })
  return raw.channels === 4 ? image.flatten({ background: { r, g, b } }) : image
}

/** Upright, and without transparency. */
async function flat(bytes, background, frame) {
  const image = sharp(bytes, how)
  if (isPlainJpeg(bytes)) return image
  const { space, hasAlpha, icc, depth } = await image.metadata()
  // A profile of anything but inks says nothing of inks.
  if (space === 'cmyk' && icc?.toString('latin1', 16, 20) !== 'CMYK') return ofInks(image, background, depth)
  const [r, g, b] = background
  if (!hasAlpha) return frame === undefined ? image : onCanvas(image, frame, { r, g, b })
  // Grey would make the background grey, too.
  const coloured = space === 'b-w' || space === 'grey16' ? image.pipelineColourspace('srgb') : image
  return coloured.flatten({ background: { r, g, b } })
}

/** A first picture that is smaller than its canvas, with the background around it. */
async function onCanvas(image, { left, top, width, height, canvas }, background) {
  const margins = { left, top, right: canvas.width - left - width, bottom: canvas.height - top - height }
  const whole = image
    .extract({ left, top, width, height })
    .extend({ ...margins, background })
    .toColourspace('srgb')
  const { data, info } = await whole.raw().toBuffer({ resolveWithObject: true })
  return sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } })
}

/** Inks without a profile: each lets through what it does not take away, and black what the others leave. */
async function ofInks(image, background, depth) {
  const inks = image.pipelineColourspace('cmyk').toColourspace('cmyk').raw({ depth })
  const { data: bytes, info } = await inks.toBuffer({ resolveWithObject: true })
  // Of 16 bits the upper 8.
  const data = depth === 'ushort' ? Uint8Array.from({ length: bytes.length / 2 }, (_, i) => bytes[2 * i + 1]) : bytes
  const { width, height, channels } = info
  const pixels = new Uint8Array(width * height * 3)
  for (let i = 0; i < width * height; i++) {
    const at = i * channels
    const alpha = channels > 4 ? data[at + 4] / 255 : 1
    for (let c = 0; c < 3; c++) {
      const through = ((255 - data[at + c]) * (255 - data[at + 3])) / 255
      pixels[3 * i + c] = Math.round(alpha * through + (1 - alpha) * background[c])
    }
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } })
}

/**
 * Whether these are the bytes of a JPEG that is grey or coloured: to ask the decoder takes as long as a small image.
 */
function isPlainJpeg(bytes) {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return false
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff; at += 2 + 256 * bytes[at + 2] + bytes[at + 3]) {
    const isFrame = bytes[at + 1] >= 0xc0 && bytes[at + 1] <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(bytes[at + 1])
    if (isFrame) return bytes[at + 9] !== 4
  }
  return false
}
