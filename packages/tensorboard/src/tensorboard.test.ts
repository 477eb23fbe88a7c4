import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decode } from 'fast-png'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { eventFile, histogram, image, readScalars, scalar, writeProjector, type EventFile } from './index.ts'
import { frame, unframe } from './records.ts'

let folder: string
let events: EventFile
const checked = { data: Float32Array.from([0, 1, 0, 1, 0, 0, 0, 0, 1, 0.5, 0.5, 0.5]), width: 2, height: 2, channels: 3 }
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-board-'))
  events = await eventFile(folder)
  await Promise.all([1, 2, 3].map(step => events.write(step, [scalar('loss/unit0', 1 / step), scalar('milliseconds', 10 * step)])))
  await events.write(3, [histogram('weights', [0, 0, 1, 4, NaN], { bars: 4 }), image('views/0', checked)])
})
afterAll(() => rm(folder, { recursive: true }))

describe('records', () => {
  test('golden: the checksum of TensorFlow\'s format, worked out by its formula', () => {
    // CRC-32C of "123456789" is e3069283; turned right by 15 it is 2507c60d, and with a282ead8 it is c78ab0e5.
    const framed = frame(new TextEncoder().encode('123456789'))
    expect(new DataView(framed.buffer).getUint32(12 + 9, true).toString(16)).toBe('c78ab0e5')
    expect([...framed.subarray(0, 8)]).toEqual([9, 0, 0, 0, 0, 0, 0, 0])
  })

  test('come back from a file that was cut anywhere, but for the last', () => {
    const file = Buffer.concat([frame(Uint8Array.of(1, 2, 3)), frame(Uint8Array.of()), frame(Uint8Array.of(4))])
    for (let length = 0; length <= file.length; length++) {
      expect([...unframe(file.subarray(0, length))].map(bytes => [...bytes])).toEqual([[1, 2, 3], [], [4]].slice(0, length < 19 ? 0 : length < 35 ? 1 : length < 52 ? 2 : 3))
    }
  })

  test('that changed are refused', () => {
    const file = frame(Uint8Array.of(1, 2, 3))
    file[13] = 9
    expect(() => [...unframe(file)]).toThrow('readScalars: expected a checksum of')
  })
})

test('scalars come back as they were written, in their order', async () => {
  expect(readScalars(await readFile(events.path))).toEqual([1, 2, 3].flatMap(step => [
    { step, tag: 'loss/unit0', value: Math.fround(1 / step) }, { step, tag: 'milliseconds', value: 10 * step }
  ]))
})

test('a file comes behind those that are there, whatever the clock says', async () => {
  const place = join(folder, 'clock')
  vi.setSystemTime('2030-01-01T12:00:00Z')
  const first = await eventFile(place)
  vi.setSystemTime('2030-01-01T11:00:00Z')
  const second = await eventFile(place, { after: 3 })
  const third = await eventFile(place, { after: 3 })
  vi.useRealTimers()
  expect([third.path, first.path, second.path].sort()).toEqual([first.path, second.path, third.path])
})

test('an image is a PNG of its pixels', () => {
  expect([...decode(image('view', checked).image!.encodedImageString).data]).toEqual([0, 255, 0, 255, 0, 0, 0, 0, 255, 128, 128, 128])
})

test('what cannot be shown is refused', async () => {
  expect(() => image('view', { ...checked, width: 3 })).toThrow('image: expected 1, 3 or 4 channels and 2 × 3 × 3 = 18 numbers, got 12.')
  expect(() => histogram('weights', [1], { bars: 0 })).toThrow('histogram: expected one or more bars, got 0.')
  await expect(writeProjector(folder, { name: 'top', vectors: [[1]], labels: [] })).rejects.toThrow('writeProjector: expected 1 labels, one for each row, got 0.')
  const small = { data: Uint8Array.of(1), width: 1, height: 1, channels: 1 }
  await expect(writeProjector(folder, { name: 'top', vectors: [[1], [2]], images: [small, checked] })).rejects.toThrow('writeProjector: expected images of 1 × 1 × 1, got 2 × 2 × 3.')
})

test('the projector gets a row, a label and a picture for each point', async () => {
  const place = join(folder, 'projector')
  const dot = (shade: number): { data: Uint8Array; width: number; height: number; channels: number } => ({ data: Uint8Array.of(shade), width: 1, height: 1, channels: 1 })
  await writeProjector(place, { name: 'top', vectors: [[1, 0.5], [0, -2], [3, 3]], labels: ['a', 'b\tc', 'a'], images: [dot(1), dot(2), dot(3)] })
  expect(await readFile(join(place, 'tensors.tsv'), 'utf8')).toBe('1\t0.5\n0\t-2\n3\t3\n')
  expect(await readFile(join(place, 'metadata.tsv'), 'utf8')).toBe('a\nb c\na\n')
  expect([...decode(await readFile(join(place, 'sprite.png'))).data]).toEqual([1, 2, 3, 0])
  await writeProjector(join(folder, 'bare'), { name: 'top', vectors: [[1]] })
  expect(await readdir(join(folder, 'bare'))).toEqual(['projector_config.pbtxt', 'tensors.tsv'])
})

const python = ['/usr/bin/python3', 'python3'].find(name => spawnSync(name, ['-c', 'import tensorboard']).status === 0)
test.skipIf(python === undefined)('TensorBoard reads all of it (needs python3 with tensorboard)', async () => {
  const resumed = join(folder, 'resumed')
  await (await eventFile(resumed)).write(1, [scalar('loss', 1)])
  await (await eventFile(resumed)).write(2, [scalar('loss', 99)])
  await (await eventFile(resumed, { after: 1 })).write(2, [scalar('loss', 2)])
  await writeProjector(join(folder, 'projector'), { name: 'top', vectors: [[1, 0.5], [0, -2]], labels: ['a', 'b'], images: [checked, checked] })
  const { stdout, stderr } = spawnSync(python!, ['-c', `
import json
from google.protobuf import text_format
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig
board = EventAccumulator(${JSON.stringify(folder)}).Reload()
histogram = board.Histograms('weights')[0].histogram_value
image = board.Images('views/0')[0]
resumed = EventAccumulator(${JSON.stringify(resumed)}).Reload()
config = ProjectorConfig()
text_format.Parse(open(${JSON.stringify(join(folder, 'projector/projector_config.pbtxt'))}).read(), config)
print(json.dumps({
  'scalars': [[e.step, round(e.value, 4)] for e in board.Scalars('loss/unit0')],
  'histogram': [histogram.min, histogram.max, histogram.num, histogram.sum, histogram.sum_squares, list(histogram.bucket_limit), list(histogram.bucket)],
  'image': [image.step, image.width, image.height, image.encoded_image_string[1:4].decode()],
  'resumed': [[e.step, e.value] for e in resumed.Scalars('loss')],
  'projector': [config.embeddings[0].tensor_path, config.embeddings[0].metadata_path, list(config.embeddings[0].sprite.single_image_dim)]
}))
`], { encoding: 'utf8' })
  expect(stderr.split('\n').filter(line => /error/i.test(line))).toEqual([])
  expect(JSON.parse(stdout)).toEqual({
    scalars: [[1, 1], [2, 0.5], [3, 0.3333]],
    histogram: [0, 4, 4, 5, 17, [1, 2, 3, 4], [2, 1, 0, 1]],
    image: [3, 2, 2, 'PNG'],
    resumed: [[1, 1], [2, 2]],
    projector: ['tensors.tsv', 'metadata.tsv', [2, 2]]
  })
})
