import type { Worker } from 'node:worker_threads'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decode } from './decode.ts'
import { FileFault } from './file-fault.ts'

const threads: Worker[] = []
const remember = (worker: Worker): void => {
  threads.push(worker)
}
let jpeg: Buffer
beforeAll(async () => {
  process.on('worker', remember)
  jpeg = await sharp({ create: { width: 2000, height: 2000, channels: 3, background: '#0000ff' } })
    .jpeg()
    .toBuffer()
})
afterAll(() => {
  process.off('worker', remember)
})
const image = (): Promise<Uint8Array> => decode(async () => Uint8Array.from(jpeg), { length: 8 })
const ended = 'decode: expected a thread to go on decoding images, but it ended'
const outcomes = (asked: readonly Promise<Uint8Array>[]): Promise<string[]> =>
  Promise.all(
    asked.map(one =>
      one.then(
        () => 'pixels',
        (error: Error) => error.message
      )
    )
  )

test('what waits for a thread that ends is refused at once, and the next image finds another thread', async () => {
  expect((await image()).length).toBe(192)
  for (let round = 0; round < 3; round++) {
    const asked = Array.from({ length: 100 }, image)
    await asked[0]
    await Promise.all(threads.splice(0).map(thread => thread.terminate()))
    const found = new Set(await outcomes(asked))
    expect(found.delete('pixels')).toBe(true)
    const other = [...found].filter(message => !message.startsWith(`${ended} (code `))
    expect(other).toEqual([])
    expect(await outcomes([image(), image(), image()])).toEqual(['pixels', 'pixels', 'pixels'])
  }
})

test('an error of a thread is told, and is no fault of an image', async () => {
  await image()
  const asked = [image(), image()]
  // A message that has nothing to take apart is an error outside of any image.
  threads.forEach(thread => thread.postMessage(null))
  const settled = await Promise.allSettled(asked)
  const errors = settled.flatMap(one => (one.status === 'rejected' ? [one.reason as Error] : []))
  for (const error of errors) {
    expect(error).not.toBeInstanceOf(FileFault)
    expect(error.message).toContain(ended)
    expect(error.message).toMatch(/\(.*null.*\)\. Memory may be short/)
  }
  await expect.poll(async () => outcomes([image()])).toEqual(['pixels'])
})

test('what is no image is its own fault; what reading throws comes through', async () => {
  await expect(decode(async () => Uint8Array.of(1, 2, 3))).rejects.toThrow(FileFault)
  await expect(
    decode(async () => {
      throw new Error('too many open files')
    })
  ).rejects.toThrow('too many open files')
  expect((await image()).length).toBe(192)
})

test('no more than some images are held at once, however many are asked for', async () => {
  let [reading, most] = [0, 0]
  await Promise.all(
    Array.from({ length: 300 }, () =>
      decode(
        async () => {
          most = Math.max(most, ++reading)
          await new Promise(done => setTimeout(done, 1))
          reading--
          return Uint8Array.from(jpeg)
        },
        { length: 8 }
      )
    )
  )
  expect(most).toBeGreaterThan(1)
  expect(most).toBeLessThanOrEqual(32)
})
