import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { OutOfRoom } from '@lapstrake/core'
import { bitsOf, Engine, kernelNames } from './engine.ts'
import { registerWasm } from './index.ts'
import { loadModule } from './load-module.ts'
import { startThreads, type Workshop } from './threads.ts'

/** Sums of the columns of numbers that do not add up exactly, in blocks. */
function sums(engine: Engine, rows = 3000, columns = 100): Float32Array {
  const [source, target] = [engine.arena.allocate(4 * rows * columns), engine.arena.allocate(4 * 10 * columns)]
  for (let i = 0; i < rows * columns; i++) engine.floats[source / 4 + i] = Math.sin(i)
  engine.run('reduceColumns', [0, source, target, rows, columns, bitsOf(0.1), 300], 10)
  const found = engine.floats.slice(target / 4, target / 4 + 10 * columns)
  engine.arena.release(source)
  engine.arena.release(target)
  return found
}

test('every module starts, and results are the same to the bit for any number of threads', async () => {
  for (const relaxed of [true, false]) {
    const alone = await Engine.start({
      ...(await loadModule({ shared: false, relaxed })),
      shared: false,
      winograd: true,
      threads: 1
    })
    expect(alone.relaxed).toBe(relaxed)
    const expected = sums(alone)
    expect(expected.every(Number.isFinite) && expected.some(value => value !== 0)).toBe(true)
    for (const threads of [1, 2, 5]) {
      const engine = await Engine.start({
        ...(await loadModule({ shared: true, relaxed })),
        shared: true,
        winograd: true,
        threads
      })
      expect(engine.threads).toBe(threads)
      for (let i = 0; i < 20; i++) expect(sums(engine)).toEqual(expected)
      await engine.stop()
    }
  }
})

test('zeros that there is no room for leave the ones before as they are', async () => {
  const engine = await Engine.start({
    ...(await loadModule({ shared: false, relaxed: true })),
    shared: false,
    winograd: true,
    threads: 1
  })
  const before = engine.zeros(16)
  for (let i = 0; i < 2; i++) expect(() => engine.zeros(2 ** 30)).toThrow('expected room for')
  const blocks = Array.from({ length: 8 }, () => engine.arena.allocate(64))
  for (const address of blocks) engine.floats.fill(7, address / 4, address / 4 + 16)
  expect(engine.zeros(16)).toBe(before)
  expect([...engine.floats.slice(before / 4, before / 4 + 16)]).toEqual(Array<number>(16).fill(0))
  expect(new Set([before, ...blocks]).size).toBe(9)
})

test('a kernel that fails on a thread is an error, and the next one runs as ever', async () => {
  const engine = await Engine.start({
    ...(await loadModule({ shared: true, relaxed: true })),
    shared: true,
    winograd: true,
    threads: 3
  })
  const expected = sums(engine)
  for (let i = 0; i < 10; i++) {
    const beyond = engine.bytes.length - 64
    expect(() => engine.run('copy', [beyond, beyond, 1000, 4, 8, 8, 1, 100, 4000, 4000], 100)).toThrow(
      /memory access out of bounds|expected every thread to finish copy, but one failed/
    )
    expect(sums(engine)).toEqual(expected)
  }
  await engine.stop()
})

test('memory grows while tensors are there, and they keep their values', async () => {
  await registerWasm({ threads: 2 })
  const kept = tf.tensor1d([1, 2, 3])
  const large = tf.fill([30_000_000], 0.5)
  expect([...kept.dataSync()]).toEqual([1, 2, 3])
  const total = tf.sum(large)
  expect(total.dataSync()[0]).toBe(15_000_000)
  tf.dispose([kept, large, total])
})

test('more than the memory holds is one clear error, and the rest goes on', async () => {
  await registerWasm()
  const before = tf.memory()
  expect(() => tf.tidy(() => tf.zeros([1_200_000_000]))).toThrow(
    /^backend-wasm: expected room for \d+ MB more, got none: \d+ MB of at most 4295 MB are in use\. Lower/
  )
  expect(tf.memory().numTensors).toBe(before.numTensors)
  expect((tf.memory() as unknown as { numBytesInMemory: number }).numBytesInMemory).toBe(
    (before as unknown as { numBytesInMemory: number }).numBytesInMemory
  )
  expect(tf.tidy(() => tf.sum(tf.ones([10])).dataSync()[0])).toBe(10)
})

test('a folder without the files is named', async () => {
  await expect(loadModule({ shared: true, relaxed: true, folder: '/nowhere/' })).rejects.toThrow(
    new RegExp(
      String.raw`^backend-wasm: expected its kernels at file:///nowhere/kernels-shared(-relaxed)?\.wasm, but could ` +
        String.raw`not read them\. Serve the folder wasm of @lapstrake/backend-wasm and pass its address as wasmPaths\.`
    )
  )
})

test.each<[unknown, string]>([
  [2, 'registerWasm: expected options, as in { wasmPaths: … }, got 2.'],
  [
    { thread: 2 },
    'registerWasm: expected options among wasmPaths, threads, relaxed, winograd, memory, got thread. ' +
      'Did you mean threads?'
  ],
  [{ winograd: 'no' }, "registerWasm: expected winograd to be a boolean, got 'no'."]
])('options %j are refused before anything is loaded', async (options, message) => {
  await expect(registerWasm(options as never)).rejects.toThrow(message)
})

test.each([0, -1, 1.5, NaN, Infinity, 257, 1e6, '4' as unknown as number])(
  '%s threads are refused before any starts',
  async threads => {
    const asked = registerWasm({ threads })
    await expect(asked).rejects.toThrow(RangeError)
    await expect(asked).rejects.toThrow(
      "backend-wasm: expected threads to be 'auto' or a whole number from 1 to 256, got "
    )
  }
)

test('a memory grows no longer than it may', async () => {
  const loaded = await loadModule({ shared: true, relaxed: true })
  const engine = await Engine.start({ ...loaded, shared: true, winograd: true, threads: 1, memory: 2 ** 26 })
  engine.arena.release(engine.arena.allocate(2 ** 25))
  expect(() => engine.arena.allocate(2 ** 26)).toThrow('of at most 67 MB are in use')
  expect(() => engine.arena.allocate(2 ** 36)).toThrow(OutOfRoom)
  await expect(registerWasm({ memory: 1000 })).rejects.toThrow(
    'backend-wasm: expected a memory from 67108864 bytes (64 MB) to 4294967296 (4 GB), got 1000.'
  )
})

test("more threads than any processor has leave the module's tables and tensors as they are", async () => {
  const loaded = await loadModule({ shared: true, relaxed: true })
  const tables = (engine: Engine): Uint8Array => engine.bytes.slice(4096, 8192)
  const one = await Engine.start({ ...loaded, shared: true, winograd: true, threads: 1 })
  const expected = { sums: sums(one, 3000, 5000), tables: tables(one) }
  expect(expected.tables.some(byte => byte !== 0)).toBe(true)
  const many = await Engine.start({ ...loaded, shared: true, winograd: true, threads: 128 })
  expect([sums(many, 3000, 5000), tables(many)]).toEqual([expected.sums, expected.tables])
  await many.stop()
})

test('where a thread does not start, the error comes through and none stays', async () => {
  // A module that wants a function "x" of "e", which threads do not have.
  const module = new WebAssembly.Module(
    Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 2, 7, 1, 1, 101, 1, 120, 0, 0)
  )
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
  const living = (): number => process.getActiveResourcesInfo().filter(kind => kind === 'MessagePort').length
  const before = living()
  await expect(startThreads({ module, memory, names: kernelNames, place: {} as Workshop['place'] }, 3)).rejects.toThrow(
    'Import'
  )
  await expect.poll(living).toBe(before)
})

test('data on their way from another backend and back are the same', async () => {
  await registerWasm()
  await tf.setBackend('cpu')
  const [floats, bools] = [
    tf.tensor2d([
      [1, 2],
      [3, 4]
    ]),
    tf.tensor1d([true, false], 'bool')
  ]
  await tf.setBackend('wasm')
  expect([...tf.tidy(() => tf.add(floats, 1)).dataSync()]).toEqual([2, 3, 4, 5])
  expect([...tf.tidy(() => tf.logicalNot(bools)).dataSync()]).toEqual([0, 1])
  tf.dispose([floats, bools])
})

test('an array given to a tensor may change afterwards, and so may one read from it', async () => {
  await registerWasm()
  const given = new Float32Array([1, 2])
  const tensor = tf.tensor1d(given)
  given[0] = 9
  const read = tensor.dataSync()
  read[1] = 9
  expect([...(await tensor.data())]).toEqual([1, 2])
  tensor.dispose()
})
