import { inMemory, seeded } from 'lapstrake'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fetchFile } from './fetch-file.ts'
import { holdOut } from './hold-out.ts'

describe('a file of the site', () => {
  const content = Uint8Array.from(seeded(0).bits(5000))
  const packed = gzipSync(content)
  let server: Server
  beforeAll(async () => {
    server = createServer(({ url }, response) => {
      if (url === '/missing') response.writeHead(404).end()
      else if (url === '/plain') response.end(content)
      else if (url === '/cut') response.end(packed.subarray(0, 500))
      else if (url === '/broken') {
        response.writeHead(200, { 'content-length': packed.length })
        response.write(packed.subarray(0, 500), () => setTimeout(() => response.destroy(), 50))
      } else response.end(packed)
    })
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  })
  afterAll(() => {
    server.close()
  })
  const get = (path: string, onProgress: (received: number) => void = () => {}): Promise<Uint8Array> =>
    fetchFile(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, { keep: true, onProgress })

  test('comes unpacked, with progress in packed bytes', async () => {
    const seen: number[] = []
    expect(await get('/whole', received => seen.push(received))).toEqual(content)
    expect(seen.at(-1)).toBe(packed.length)
  })

  test('is taken as it is where the host unpacked it', async () => {
    expect(await get('/plain')).toEqual(content)
  })

  test('cut off, broken off or missing is told as what it is', async () => {
    await expect(get('/cut')).rejects.toThrow(
      /^data: expected .*\/cut to be whole, got 500 bytes that do not unpack: .* Press Run to fetch it again\.$/
    )
    await expect(get('/broken')).rejects.toThrow('broke off after 500 bytes')
    await expect(get('/missing')).rejects.toThrow('got 404')
  })
})

test('of every class with two or more one example is held out, about one in seven', () => {
  const labels = Int32Array.from({ length: 100 }, (_, i) => (i < 98 ? i % 2 : 2))
  const { training, held } = holdOut(
    inMemory({ name: 'some', classes: ['a', 'b', 'c'], shape: [1, 1, 1], images: new Uint8Array(100), labels })
  )
  expect(training.size + held.size).toBe(100)
  expect(held.size).toBe(15)
  expect(new Set(held.labels)).toEqual(new Set([0, 1, 2]))
})
