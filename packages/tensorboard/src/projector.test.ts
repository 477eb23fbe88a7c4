import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decode } from 'fast-png'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeProjector, type Pixels } from './index.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-projector-'))
})
afterAll(() => rm(folder, { recursive: true }))

const dot = (shade: number): Pixels => ({ data: Uint8Array.of(shade), width: 1, height: 1, channels: 1 })
const read = (place: string, file: string): Promise<string> => readFile(join(place, file), 'utf8')

test('the projector gets a row, a label and a picture for each point, and nothing is left beside them', async () => {
  const place = join(folder, 'deep/projector')
  const vectors = [
    [1, 0.5],
    [0, -2],
    [3, 1e-20]
  ]
  const labels = ['a', 'b', 'a']
  const files = await writeProjector(place, { name: 'top', vectors, labels, images: [1, 2, 3].map(dot) })
  expect(files).toEqual(['tensors.tsv', 'metadata.tsv', 'sprite.png', 'projector_config.pbtxt'])
  expect((await readdir(place)).sort()).toEqual([...files].sort())
  expect(await read(place, 'tensors.tsv')).toBe('1\t0.5\n0\t-2\n3\t1e-20\n')
  expect(await read(place, 'metadata.tsv')).toBe('a\nb\na\n')
  expect([...decode(await readFile(join(place, 'sprite.png'))).data]).toEqual([1, 2, 3, 0])
  const bare = await writeProjector(join(folder, 'bare'), { name: 'top', vectors: [[1]] })
  expect(bare).toEqual(['tensors.tsv', 'projector_config.pbtxt'])
})

test('each label stands in a line that TensorBoard takes for one', async () => {
  const labels = ['x\ty', '', '  ', ' a  b ', 'c\r\nd', '\u2028\ufeff', '\u0000e\u0085', 'é', '-']
  await writeProjector(folder, { name: 'top', vectors: labels.map((_, i) => [i, 1]), labels })
  const told = (await read(folder, 'metadata.tsv')).split('\n')
  expect(told).toEqual(['x y', '(none)', '(none)', 'a b', 'c d', '(none)', 'e', 'é', '-', ''])
})

describe('pictures that are too large together', () => {
  test('become smaller, each in its own place, and that is said', async () => {
    // Two a side: 2 × 6000 is more than 8192, so each has half of that.
    const large = (shade: number, edge: number): Pixels => {
      const data = new Uint8Array(6000 * 3).fill(shade)
      data[0] = edge
      return { data, width: 6000, height: 3, channels: 1 }
    }
    const warnings: string[] = []
    const images = [large(10, 200), large(20, 20), large(30, 30)]
    const onWarning = (warning: string): void => {
      warnings.push(warning)
    }
    await writeProjector(folder, { name: 'top', vectors: [[1], [2], [3]], images }, { onWarning })
    expect(warnings).toEqual([
      'writeProjector: expected images that fit into 8192 × 8192 pixels, which is what TensorBoard shows, ' +
        'got 3 of 3 × 6000. They are kept as 2 × 4096.'
    ])
    const { width, height, data } = decode(await readFile(join(folder, 'sprite.png')))
    expect([width, height]).toEqual([8192, 4])
    // The first covers 2 × 2 pixels of the picture, one of them 200.
    expect([0, 1, 4096, 8191, 2 * 8192, 2 * 8192 + 4096].map(at => data[at])).toEqual([58, 10, 20, 20, 30, 0])
    expect(await read(folder, 'projector_config.pbtxt')).toContain('single_image_dim: 4096\n    single_image_dim: 2\n')
  })

  test('stay as they are at the limit', async () => {
    const images = [1, 2, 3, 4].map(shade => ({
      data: new Uint8Array(4096).fill(shade),
      width: 4096,
      height: 1,
      channels: 1
    }))
    const onWarning = expect.unreachable
    await writeProjector(folder, { name: 'top', vectors: [[1], [2], [3], [4]], images }, { onWarning })
    expect(decode(await readFile(join(folder, 'sprite.png'))).width).toBe(8192)
  })
})

test.each([
  [{ vectors: [] }, 'writeProjector: expected rows of numbers, got none.'],
  [{ vectors: [[], []] }, 'writeProjector: expected rows of numbers, got rows without any.'],
  [{ vectors: [[1, 2], [3]] }, 'writeProjector: expected rows of one length, got 2 numbers in the first'],
  [
    {
      vectors: [
        [1, 2],
        [3, NaN]
      ]
    },
    'writeProjector: expected finite numbers, got NaN in row 2. Leave that row out.'
  ],
  [{ vectors: [Float32Array.of(Infinity)] }, 'writeProjector: expected finite numbers, got Infinity in row 1.'],
  [{ vectors: [[1]], labels: [] }, 'writeProjector: expected 1 labels, one for each row, got 0.'],
  [{ vectors: [[1]], images: [] }, 'writeProjector: expected 1 images, one for each row, got 0.'],
  [
    { vectors: [[1], [2]], images: [dot(1), { ...dot(1), data: new Uint8Array(2), width: 2 }] },
    'writeProjector: expected images of 1 × 1 × 1, got 1 × 2 × 1.'
  ],
  [
    { vectors: [[1], [2]], images: [dot(1), { ...dot(1), data: new Uint8Array(2) }] },
    'writeProjector: expected 1 × 1 × 1 = 1 numbers, got 2.'
  ]
])('what cannot be shown is refused, and no file is touched', async (projection, message) => {
  const place = await mkdtemp(join(folder, 'refused-'))
  await writeFile(join(place, 'tensors.tsv'), 'old')
  await expect(writeProjector(place, { name: 'top', ...projection })).rejects.toThrow(message)
  expect(await readdir(place)).toEqual(['tensors.tsv'])
  expect(await read(place, 'tensors.tsv')).toBe('old')
})
