import '@tensorflow/tfjs-backend-cpu'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { decodeSafetensors, encodeSafetensors } from '@lapstrake/checkpoints'
import { dispose, networkOf, observeKernels, seeded, stateless, type Stage } from '@lapstrake/core'
import { describeOnBackends } from '@lapstrake/testing/node'
import * as tf from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encoderOf, loadEncoder, serialiseEncoder } from './index.ts'
import { networks, variablesOf } from './testing/networks.ts'

const values = async (tensor: tf.Tensor): Promise<number[]> => [...(await tensor.data())]

/** How far two results are apart, beside the largest number. */
async function apart(a: tf.Tensor, b: tf.Tensor): Promise<number> {
  expect(b.shape).toEqual(a.shape)
  const [left, right] = [await values(a), await values(b)]
  const largest = left.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return left.reduce((most, value, i) => Math.max(most, Math.abs(value - right[i]!)), 0) / largest
}

await describeOnBackends(['cpu', 'wasm'], backend => {
  describe.each(networks)('%s', (_, stages, inputShape) => {
    test('gives from its file what it gave before, at every level and for any batch, and leaves nothing', async () => {
      const before = tf.memory().numTensors
      const network = networkOf({ stages }, inputShape)
      const variables = variablesOf(stages, inputShape)
      const file = await serialiseEncoder(network, variables, { name: 'mine' })
      const loaded = await loadEncoder(file)
      expect([loaded.name, loaded.shapes]).toEqual(['mine', network.shapes])
      const own = encoderOf(network, variables)
      for (const batch of [1, 2, 5]) {
        const images = seeded(batch).normal([batch, ...inputShape])
        for (const level of network.shapes.keys()) {
          const [expected, found] = [own.encode(images, { level }), loaded.encode(images, { level })]
          expect(await apart(expected, found)).toBeLessThan(1e-6)
          tf.dispose([expected, found])
        }
        const [expected, found] = [own.encode(images, { pooled: true }), loaded.encode(images, { pooled: true })]
        const top = loaded.shapes.at(-1)!
        expect(found.shape).toEqual([batch, ...(top.length === 3 ? top.slice(2) : top)])
        expect(await apart(expected, found)).toBeLessThan(1e-6)
        tf.dispose([expected, found, images])
      }
      loaded.dispose()
      dispose(variables)
      expect(tf.memory().numTensors).toBe(before)
    })

    test('runs on the other backend, too', async () => {
      const network = networkOf({ stages }, inputShape)
      const variables = variablesOf(stages, inputShape)
      const images = seeded(3).normal([2, ...inputShape])
      const file = await serialiseEncoder(network, variables)
      const [input, expected] = [await values(images), await values(network.encode(variables, images))]
      await tf.setBackend(backend === 'cpu' ? 'wasm' : 'cpu')
      const loaded = await loadEncoder(file)
      const found = await values(loaded.encode(tf.tensor(input, images.shape)))
      await tf.setBackend(backend)
      const largest = Math.max(...expected.map(Math.abs))
      expect(Math.max(...expected.map((value, i) => Math.abs(value - found[i]!))) / largest).toBeLessThan(1e-5)
    })
  })
})

describe('a file', () => {
  const [, stages] = networks[0]!
  const network = networkOf({ stages }, [12, 12, 3])
  let file: Uint8Array
  let folder: string
  beforeAll(async () => {
    await tf.setBackend('cpu')
    folder = await mkdtemp(join(tmpdir(), 'lapstrake-encoder-'))
    file = await serialiseEncoder(network, variablesOf(stages, [12, 12, 3]), { name: 'mine' })
    await writeFile(join(folder, 'network.safetensors'), file)
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('comes by its path, its address, as a Blob or as bytes', async () => {
    const images = tf.ones([1, 12, 12, 3])
    const path = join(folder, 'network.safetensors')
    const bytes = Uint8Array.from(file)
    const found = []
    for (const source of [path, pathToFileURL(path), pathToFileURL(path).href, new Blob([bytes]), bytes, bytes.buffer])
      found.push(await values((await loadEncoder(source)).encode(images)))
    expect(new Set(found.map(String)).size).toBe(1)
  })

  test('reads images in the shape of its network', async () => {
    const { read, encode } = await loadEncoder(file)
    const images = await read([{ data: new Uint8Array(24 * 30 * 3).fill(51), height: 24, width: 30 }])
    expect([images.shape, [...new Set(await values(images))]]).toEqual([[1, 12, 12, 3], [Math.fround(0.2)]])
    expect(encode(images, { pooled: true }).shape).toEqual([1, 6])
  })

  test('what does not fit is refused in one sentence, and leaves nothing', async () => {
    const { encode, dispose: close } = await loadEncoder(file)
    const [images, other] = [tf.ones([1, 12, 12, 3]), tf.ones([12, 12, 3])]
    const before = tf.memory().numTensors
    expect(() => encode(other)).toThrow(
      'encode: expected inputs of shape [batch, 12, 12, 3], as the network learned from, got [12, 12, 3].'
    )
    expect(() => encode([1] as never)).toThrow('as the network learned from, got no tensor. Await read() of images.')
    for (const level of [3, -1, 0.5])
      expect(() => encode(images, { level })).toThrow(
        `encode: expected a level of 0 to 2, one above each stage, got ${level}.`
      )
    expect(() => encode(images, { context: {} } as never)).toThrow('encode: expected options among level, pooled')
    expect(tf.memory().numTensors).toBe(before)
    close()
    close()
    expect(() => encode(images)).toThrow('encode: expected an encoder that is open, got one that was disposed.')
  })

  /** The file with other words about it. */
  const changed = (change: (metadata: Record<string, string>) => void): Uint8Array => {
    const { tensors, metadata } = decodeSafetensors(file)
    const words = { ...metadata }
    change(words)
    return encodeSafetensors({ tensors, metadata: words })
  }
  const program = (
    change: (program: { instructions: Record<string, unknown>[]; levels: unknown }) => void
  ): Uint8Array =>
    changed(metadata => {
      const parsed = JSON.parse(metadata.program!) as { instructions: Record<string, unknown>[]; levels: unknown }
      change(parsed)
      metadata.program = JSON.stringify(parsed)
    })
  const cannot = 'loadEncoder: expected a network as lapstrake exports it, got one whose'

  test.each<[string, () => Uint8Array, string]>([
    ['damaged', () => file.map((byte, i) => (i === file.length - 1 ? byte ^ 1 : byte)), 'it is damaged'],
    ['cut short', () => file.subarray(0, file.length - 9), 'cut short'],
    [
      'of another version',
      () => changed(metadata => (metadata.format = 'lapstrake-network-2')),
      'expected a network of the format lapstrake-network-1, got the version lapstrake-network-2, which this lapstrake'
    ],
    [
      'of weights alone',
      () => changed(metadata => (metadata.format = 'lapstrake-encoder-1')),
      'got lapstrake-encoder-1, weights without their network. Take the network.safetensors'
    ],
    ['of another program', () => changed(metadata => delete metadata.format), 'got weights of another program.'],
    ['without its program', () => changed(metadata => delete metadata.program), `${cannot} program is no JSON.`],
    ['without instructions', () => changed(metadata => (metadata.program = '{}')), 'program has no instructions'],
    [
      'that asks for what is not there yet',
      () => program(({ instructions }) => (instructions[1]!.inputs = { x: 99 })),
      `${cannot} instruction 1 takes what is not there.`
    ],
    [
      'that asks for a constant that is not there',
      () => program(({ instructions }) => (instructions[0]!.inputs = { x: 'toString' })),
      `${cannot} instruction 0 takes what is not there.`
    ],
    [
      'with strange attributes',
      () => program(({ instructions }) => (instructions[0]!.attributes = { pad: { code: 'x' } })),
      `${cannot} instruction 0 has attributes that are none.`
    ],
    [
      'without results',
      () => program(({ instructions }) => (instructions[0]!.results = 0)),
      'instruction 0 has no results'
    ],
    ['with other levels', () => program(given => (given.levels = [0, 1e6, 1])), 'levels are not among its values'],
    [
      'with a kernel that the backend has not',
      () => program(({ instructions }) => (instructions[0]!.kernel = 'Eval')),
      'expected a backend that can run the network, but cpu lacks the kernel Eval.'
    ]
  ])('%s is refused', async (_, made, message) => {
    const before = tf.memory().numTensors
    await expect(loadEncoder(made())).rejects.toThrow(message)
    expect(tf.memory().numTensors).toBe(before)
  })

  test('a kernel that fails leaves nothing', async () => {
    const { encode } = await loadEncoder(program(({ instructions }) => (instructions.at(-1)!.results = 2)))
    const images = tf.ones([1, 12, 12, 3])
    const before = tf.memory().numTensors
    expect(() => encode(images)).toThrow(/expected 2 results of \w+, got 1\. Export the network again\./)
    expect(tf.memory().numTensors).toBe(before)
  })
})

describe('is not written', () => {
  beforeAll(() => tf.setBackend('cpu'))
  const stage = (apply: (x: tf.Tensor) => tf.Tensor): Stage =>
    stateless('own', { init: () => ({ params: {}, outputShape: [4] }), apply: (_, x) => apply(x) })
  let calls = 0

  test.each<[string, Stage, string]>([
    [
      'what counts images',
      stage(x => tf.div(x, x.shape[0]!)),
      'serialiseEncoder: expected the same operations on a batch of any size, got a constant in RealDiv'
    ],
    [
      'what leaves out an image',
      stage(x => tf.slice(x, [0, 0], [x.shape[0]! - 1, 4])),
      'expected attributes of Slice that hold for a batch of any size, got size, which is 1 for two images and 2'
    ],
    [
      'what does not depend on the input',
      stage(x => tf.zeros(x.shape)),
      'serialiseEncoder: expected a result that depends on the input, got a constant.'
    ],
    [
      'what is another at each call',
      stage(x =>
        tf.pad(
          x,
          [
            [0, 0],
            [0, 0]
          ],
          ++calls
        )
      ),
      'got constantValue, which is'
    ],
    [
      'what is another for one image',
      stage(x => (x.shape[0] === 1 ? tf.mul(x, 2) : tf.mul(x, 3))),
      'serialiseEncoder: expected a file that gives what the network gives, but for one image it gives'
    ]
  ])('%s', async (_, one, message) => {
    const network = networkOf({ stages: [one] }, [4])
    const before = tf.memory().numTensors
    await expect(serialiseEncoder(network, network.init(seeded(1)))).rejects.toThrow(message)
    expect(tf.memory().numTensors).toBe(before)
  })
})

test('what is no longer needed is freed as it goes', async () => {
  await tf.setBackend('cpu')
  const root = stateless('root', {
    init: (_, shape) => ({ params: {}, outputShape: shape }),
    apply: (_, x) => tf.sqrt(tf.square(x))
  })
  const network = networkOf({ stages: Array.from({ length: 12 }, () => root) }, [1000])
  const { encode } = await loadEncoder(await serialiseEncoder(network, network.init(seeded(1))))
  const input = tf.ones([1, 1000])
  const { numBytes } = tf.memory()
  let most = 0
  const stop = observeKernels({
    made() {
      most = Math.max(most, tf.memory().numBytes)
    }
  })
  const result = encode(input)
  stop()
  expect(await values(result)).toEqual(Array<number>(1000).fill(1))
  // Beside the input what a kernel takes, and what it gives.
  expect(most - numBytes).toBeLessThanOrEqual(2 * 4000)
})
