import '@tensorflow/tfjs-backend-cpu'
import { dispose, seeded } from '@lapstrake/core'
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { drawShapes, inWorkers, loader, subset, type ImageExample, type View } from '../index.ts'
import brighter from './brighter.ts'

const module = new URL('./brighter.ts', import.meta.url)
const dataset = drawShapes({ count: 24, size: 8 })
const shapesBut3 = subset(dataset, { count: 3 })

async function pixelsOf(view: View, ahead: number): Promise<number[][]> {
  const found: number[][] = []
  for await (const { batch, epoch } of loader(shapesBut3, {
    batchSize: 3,
    random: seeded(1),
    views: [view],
    ahead
  }).batches()) {
    found.push([...batch.views[0].dataSync()])
    dispose(batch)
    if (epoch === 2) return found
  }
  return found
}

test('a view in workers gives what it gives without them, whatever is read ahead', async () => {
  const without = await pixelsOf({ onExample: brighter }, 0)
  const onExample = inWorkers<ImageExample>(module, { threads: 2 })
  expect(await pixelsOf({ onExample }, 2)).toEqual(without)
  expect(await pixelsOf({ onExample }, 0)).toEqual(without)
  expect(without[0]).not.toEqual(without[1])
})

test('an example stays as it is, and only its own part of a buffer travels', async () => {
  const [first] = (await dataset.read([1])) as [ImageExample]
  const before = [...first.image]
  const made = await inWorkers<ImageExample>(module)(first, seeded(1))
  expect([made.image.length, made.image.buffer.byteLength, made.label]).toEqual([192, 192, 1])
  expect([...first.image]).toEqual(before)
})

test('an error comes back with its words, and the next example is done', async () => {
  const change = inWorkers<ImageExample>(module, { threads: 1 })
  const [two, three] = (await dataset.read([2, 3])) as [ImageExample, ImageExample]
  await expect(change(three, seeded(1))).rejects.toThrow('three is too many')
  expect(await change(two, seeded(1))).toEqual(await brighter(two, seeded(1)))
  await expect(async () => {
    for await (const _ of loader(dataset, {
      batchSize: 24,
      random: seeded(1),
      views: [{ onExample: change }]
    }).batches())
      break
  }).rejects.toThrow(
    /^loader: expected view 0 of example \d+ of drawn shapes, but its half on the host failed: three is/
  )
})

test('a module that is not there or gives no function, and what is no module, are told', async () => {
  const nothing = { image: new Uint8Array(1), label: 0 }
  const lost = inWorkers<ImageExample>(new URL('./nowhere.js', import.meta.url))
  await expect(lost(nothing, seeded(1))).rejects.toThrow('nowhere.js')
  const empty = inWorkers<ImageExample>('data:text/javascript,export default 1')
  await expect(empty(nothing, seeded(1))).rejects.toThrow('to be a function of an example, got number.')
  expect(() => inWorkers('./brighter.ts')).toThrow(
    'inWorkers: expected the whole URL of a module, got "./brighter.ts".'
  )
  expect(() => inWorkers(module, { threads: 0 })).toThrow('inWorkers: expected threads to be a whole number from 1 to')
})

test('a worker that ends is an error of what it had to do, and another begins', async () => {
  const change = inWorkers<number>(
    'data:text/javascript,export default x => { if (x > 1) process.exit(7); return x + 1 }'
  )
  await expect(change(2, seeded(1))).rejects.toThrow('but it ended (code 7).')
  expect(await change(1, seeded(1))).toBe(2)
})

test('as many workers as there may be share what comes at once', async () => {
  const change = inWorkers<unknown>(
    "data:text/javascript,import { threadId } from 'node:worker_threads'; let met = 0; " +
      'export default () => [threadId, ++met]',
    { threads: 4 }
  )
  const answers = (await Promise.all(Array.from({ length: 8 }, (_, i) => change(i, seeded(1))))) as [number, number][]
  expect(new Set(answers.map(([thread]) => thread)).size).toBe(4)
  expect(answers.map(([, met]) => met).sort()).toEqual([1, 1, 1, 1, 2, 2, 2, 2])
})

test.each([
  ['null', 'to throw an Error where it fails, got null.'],
  ['undefined', 'to throw an Error where it fails, got undefined.'],
  ['Object.create(null)', 'to throw an Error where it fails, got object.'],
  ["'a text'", 'to throw an Error where it fails, got a text.'],
  ["Object.assign(new Error('no'), { unreadable: true })", 'got an error whose unreadable is true: no'],
  ["Object.assign(new Error('no'), { unreadable: [1] })", 'got an error whose unreadable is 1: no']
])('a module that throws %s is told, and goes on', async (thrown, words) => {
  const module = `data:text/javascript,export default x => { if (x === 1) throw ${thrown}; return x }`
  const change = inWorkers<number>(module, { threads: 1 })
  await expect(change(1, seeded(1))).rejects.toThrow(words)
  await expect(change(1, seeded(1))).rejects.toThrow(/^inWorkers: expected data:text/)
  expect(await change(2, seeded(1))).toBe(2)
})

test('workers do not keep a process alive', () => {
  const script = `
    import { inWorkers } from ${JSON.stringify(new URL('./in-workers.ts', import.meta.url).href)}
    import { seeded } from '@lapstrake/core'
    const change = inWorkers(${JSON.stringify(module.href)})
    console.log((await change({ image: Uint8Array.of(1), label: 0 }, seeded(1))).label)`
  const options = ['--import', 'tsx', '--conditions=@lapstrake/source', '--input-type=module', '--eval', script]
  const cwd = fileURLToPath(new URL('../../../..', import.meta.url))
  expect(execFileSync(process.execPath, options, { cwd, timeout: 60_000 }).toString().trim().endsWith('0')).toBe(true)
})
