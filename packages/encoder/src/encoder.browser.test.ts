import '@tensorflow/tfjs-backend-cpu'
import '@tensorflow/tfjs-backend-webgpu'
import { registerWasm } from '@lapstrake/backend-wasm'
import { dispose, networkOf, own, seeded } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadEncoder, serialiseEncoder, type LoadedEncoder } from './index.ts'
import { networks, variablesOf } from './testing/networks.ts'

beforeAll(() => registerWasm())

/** How far two results are apart, beside the largest number. */
async function apart(a: tf.Tensor, b: tf.Tensor): Promise<number> {
  const [left, right] = [await a.data(), await b.data()]
  const largest = Array.from(left).reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return Array.from(left).reduce((most, value, i) => Math.max(most, Math.abs(value - right[i]!)), 0) / largest
}

describe.each(['cpu', 'wasm', 'webgpu'])('in a page, on the %s backend', backend => {
  beforeAll(async () => {
    expect(await tf.setBackend(backend)).toBe(true)
  })

  test.each(networks)('%s gives from its file what it gave before', async (_, stages, inputShape) => {
    const network = networkOf({ stages }, inputShape)
    const variables = variablesOf(stages, inputShape)
    const file = new Blob([(await serialiseEncoder(network, variables)) as Uint8Array<ArrayBuffer>])
    const address = URL.createObjectURL(file)
    const images = seeded(3).normal([2, ...inputShape])
    for (const source of [file, address]) {
      const { encode, dispose: close, shapes } = await loadEncoder(source)
      const level = shapes.length - 2
      const both = own(() => [
        [network.encode(variables, images), encode(images)],
        [network.encode(variables, images, { level }), encode(images, { level })]
      ])
      for (const [expected, found] of both) expect(await apart(expected!, found!)).toBeLessThan(1e-6)
      dispose(both)
      close()
    }
    URL.revokeObjectURL(address)
    dispose(variables)
  })
})

describe('a page reads', () => {
  let encoder: LoadedEncoder
  let canvas: OffscreenCanvas
  beforeAll(async () => {
    await tf.setBackend('cpu')
    const [, stages] = networks[0]!
    encoder = await loadEncoder(
      await serialiseEncoder(networkOf({ stages }, [12, 12, 3]), variablesOf(stages, [12, 12, 3]))
    )
    // Red, then green, then blue: of a square from the middle only green is left.
    canvas = new OffscreenCanvas(36, 12)
    const context = canvas.getContext('2d')!
    for (const [i, colour] of ['#f00', '#0f0', '#00f'].entries()) {
      context.fillStyle = colour
      context.fillRect(12 * i, 0, 12, 12)
    }
  })
  const green = [0, 1, 0]
  const pixels = async (...given: Parameters<LoadedEncoder['read']>): Promise<number[]> => {
    const images = await encoder.read(...given)
    expect(images.shape.slice(1)).toEqual([12, 12, 3])
    const values = [...(await images.data())]
    dispose(images)
    return [...values.slice(0, 3), ...values.slice(-3)]
  }

  test('files, addresses and bytes', async () => {
    const file = await canvas.convertToBlob()
    const address = URL.createObjectURL(file)
    for (const source of [file, address, new URL(address), await file.arrayBuffer(), new File([file], 'stripes.png')])
      expect(await pixels(source)).toEqual([...green, ...green])
    await expect(encoder.read(new File([new Blob(['<svg/>'])], 'a.svg'))).rejects.toThrow(
      'expected a.svg to be an image, but it is damaged, cut short or of a kind that this browser cannot show.'
    )
    await expect(encoder.read('/nowhere-at-all.png')).rejects.toThrow('expected /nowhere-at-all.png to be an image')
  })

  test('what it can draw', async () => {
    const context = canvas.getContext('2d')!
    const element = document.createElement('img')
    element.src = URL.createObjectURL(await canvas.convertToBlob())
    await element.decode()
    const drawn = [canvas, element, await createImageBitmap(canvas), context.getImageData(0, 0, 36, 12)]
    for (const source of drawn) expect(await pixels(source)).toEqual([...green, ...green])
    expect(await pixels(drawn)).toEqual([...green, ...green])
  })

  test('pixels, through which a background shows', async () => {
    const data = new Uint8Array(24 * 24 * 4)
    expect(await pixels({ data, height: 24, width: 24 })).toEqual([1, 1, 1, 1, 1, 1])
    expect(await pixels({ data, height: 24, width: 24 }, { background: [255, 0, 0] })).toEqual([1, 0, 0, 1, 0, 0])
    expect(await pixels({ data: new Uint8Array(48 * 24 * 3).fill(51), height: 24, width: 48 })).toEqual(
      Array<number>(6).fill(Math.fround(0.2))
    )
  })
})
