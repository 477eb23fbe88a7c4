import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp, { type Sharp } from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openImageFolder, type OpenImageFolderOptions } from '../node.ts'
import { tiff } from '../testing/tiff.ts'

// The formulas of the README's table, pixel by pixel.
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-pictures-'))
})
afterAll(() => rm(folder, { recursive: true }))

type Colour = readonly number[]
type Picture = (x: number, y: number) => Colour

const edge = 16
/** Four quarters, so that every turn and reflection is another picture. */
const quarters: Picture = (x, y) =>
  [
    [200, 30, 60],
    [20, 180, 90],
    [70, 60, 220],
    [240, 230, 10]
  ][2 * Number(y >= edge / 2) + Number(x >= edge / 2)]!

const drawn = (picture: Picture): number[] =>
  Array.from({ length: edge * edge }, (_, i) => picture(i % edge, Math.floor(i / edge))).flat()
const stored = (picture: Picture): Sharp => {
  const channels = picture(0, 0).length as 1 | 2 | 3 | 4
  return sharp(Uint8Array.from(drawn(picture)), { raw: { width: edge, height: edge, channels } })
}
const stored16 = (picture: Picture): Sharp => {
  const channels = picture(0, 0).length as 1 | 2 | 3 | 4
  return sharp(Uint16Array.from(drawn(picture)), { raw: { width: edge, height: edge, channels } })
}

let files = 0
/** What a file is read as, in a folder of its own. */
async function read(name: string, bytes: Uint8Array, options: Partial<OpenImageFolderOptions> = {}): Promise<number[]> {
  const path = join(folder, String(files++))
  await mkdir(path)
  await writeFile(join(path, name), bytes)
  const dataset = await openImageFolder(path, { size: edge, ...options })
  return [...(await dataset.read([0]))[0]!.image]
}

function expectWithin2(found: readonly number[], picture: Picture): void {
  const expected = drawn(picture)
  expect(found.length).toBe(expected.length)
  const most = found.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0)
  expect(most).toBeLessThanOrEqual(2)
}

const last = edge - 1
/** Where a pixel of the upright picture is stored, for each EXIF orientation from 1. */
const turns: readonly ((x: number, y: number) => readonly [x: number, y: number])[] = [
  (x, y) => [x, y],
  (x, y) => [last - x, y],
  (x, y) => [last - x, last - y],
  (x, y) => [x, last - y],
  (x, y) => [y, x],
  (x, y) => [y, last - x],
  (x, y) => [last - y, last - x],
  (x, y) => [last - y, x]
]

test.each(turns.map((turn, i) => [i + 1, turn] as const))(
  'EXIF orientation %i is upright',
  async (orientation, turn) => {
    for (const kind of ['jpeg', 'webp', 'tiff'] as const) {
      const bytes = await stored(quarters)
        .withMetadata({ orientation })
        .toFormat(kind, { quality: 100, ...(kind === 'jpeg' ? { chromaSubsampling: '4:4:4' } : {}) })
        .toBuffer()
      const found = await read(`a.${kind}`, bytes)
      // WebP always stores a quarter of the colours, so that they run into each other where quarters meet.
      if (kind === 'webp') expect(found[0]! - quarters(...turn(0, 0))[0]!).toBeLessThan(20)
      else expectWithin2(found, (x, y) => quarters(...turn(x, y)))
    }
  }
)

describe('formats', () => {
  test.each<[string, (image: Sharp) => Sharp]>([
    ['a.jpg', image => image.jpeg({ quality: 100, chromaSubsampling: '4:4:4' })],
    ['a.JPEG', image => image.jpeg({ quality: 100, chromaSubsampling: '4:4:4', progressive: true })],
    ['a.png', image => image.png()],
    ['palette.png', image => image.png({ palette: true, colours: 4, dither: 0 })],
    ['a.webp', image => image.webp({ lossless: true })],
    ['a.gif', image => image.gif({ dither: 0 })],
    ['a.tif', image => image.tiff({ compression: 'lzw' })],
    ['a.tiff', image => image.tiff({ compression: 'none' })],
    ['a.avif', image => image.avif({ lossless: true, chromaSubsampling: '4:4:4' })]
  ])('%s holds its colours', async (name, format) => {
    expectWithin2(await read(name, await format(stored(quarters)).toBuffer()), quarters)
  })

  test('of an animation the first picture', async () => {
    const frames = Uint8Array.from([...drawn(quarters), ...drawn(() => [0, 0, 0])])
    const pages = sharp(frames, { raw: { width: edge, height: 2 * edge, channels: 3, pageHeight: edge } })
    expectWithin2(await read('a.gif', await pages.gif({ dither: 0 }).toBuffer()), quarters)
  })
})

describe('depth', () => {
  const deep: Picture = (x, y) => quarters(x, y).map(value => value * 257)
  test('16 bits are their upper eight', async () => {
    for (const [name, bytes] of Object.entries({
      'a.png': await stored16(deep).toColourspace('rgb16').png().toBuffer(),
      'a.tif': tiff(Uint16Array.from(drawn(deep)), { edge, channels: 3 })
    })) {
      expect((await sharp(bytes).metadata()).depth).toBe('ushort')
      expectWithin2(await read(name, bytes), quarters)
    }
  })

  test('grey, of 8 and of 16 bits, is as much red as green and blue', async () => {
    const grey: Picture = (x, y) => [quarters(x, y)[0]!]
    const expected: Picture = (x, y) => [0, 1, 2].map(() => quarters(x, y)[0]!)
    const eight = await stored(grey).toColourspace('b-w').png().toBuffer()
    const sixteen = await stored16((x, y) => [257 * grey(x, y)[0]!])
      .toColourspace('grey16')
      .png()
      .toBuffer()
    const jpeg = await stored(grey).toColourspace('b-w').jpeg({ quality: 100 }).toBuffer()
    expect(await Promise.all([eight, sixteen, jpeg].map(async one => (await sharp(one).metadata()).channels))).toEqual([
      1, 1, 1
    ])
    for (const [name, bytes] of Object.entries({ 'a.png': eight, 'b.png': sixteen, 'c.jpg': jpeg }))
      expectWithin2(await read(name, bytes), expected)
  })
})

describe('transparency', () => {
  const alpha = (x: number, y: number): number => [0, 64, 128, 255][2 * Number(y >= edge / 2) + Number(x >= edge / 2)]!
  const over =
    (picture: Picture, background: Colour): Picture =>
    (x, y) =>
      picture(x, y).map((value, c) => background[c]! + ((value - background[c]!) * alpha(x, y)) / 255)
  const transparent: Picture = (x, y) => [...quarters(x, y), alpha(x, y)]

  test.each<[string, Partial<OpenImageFolderOptions>, Colour]>([
    ['white where nothing is said', {}, [255, 255, 255]],
    ['black', { background: [0, 0, 0] }, [0, 0, 0]],
    ['a colour', { background: [10, 200, 120] }, [10, 200, 120]]
  ])('lies over %s', async (_, options, background) => {
    const expected = over(quarters, background)
    for (const [name, bytes] of Object.entries({
      'a.png': await stored(transparent).png().toBuffer(),
      'a.webp': await stored(transparent).webp({ lossless: true, exact: true }).toBuffer(),
      'a.tif': await stored(transparent).tiff({ compression: 'none' }).toBuffer(),
      'palette.png': await stored(transparent).png({ palette: true, colours: 16, dither: 0 }).toBuffer()
    }))
      expectWithin2(await read(name, bytes, options), expected)
    const deep = await stored16((x, y) => transparent(x, y).map(value => 257 * value))
      .toColourspace('rgb16')
      .png()
      .toBuffer()
    expectWithin2(await read('deep.png', deep, options), expected)
    const grey: Picture = (x, y) => [0, 1, 2].map(() => quarters(x, y)[0]!)
    const greyAlpha = await stored((x, y) => [quarters(x, y)[0]!, alpha(x, y)])
      .toColourspace('b-w')
      .png()
      .toBuffer()
    expectWithin2(await read('grey.png', greyAlpha, options), over(grey, background))
  })
})

test('inks without a profile let through what none of them takes away', async () => {
  const inks: Picture = (x, y) => [...quarters(x, y).map(value => 255 - value), 40]
  const expected: Picture = (x, y) => quarters(x, y).map(value => (value * (255 - 40)) / 255)
  const asTiff = tiff(Uint8Array.from(drawn(inks)), { edge, channels: 4 })
  const asJpeg = await sharp(asTiff)
    .pipelineColourspace('cmyk')
    .toColourspace('cmyk')
    .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
    .toBuffer()
  for (const [name, bytes] of Object.entries({ 'a.tif': asTiff, 'a.jpg': asJpeg })) {
    expect(await sharp(bytes).metadata()).toMatchObject({ space: 'cmyk', channels: 4, hasProfile: false })
    expectWithin2(await read(name, bytes), expected)
  }
})

test('16-bit inks are their upper eight bits', async () => {
  const deep = Uint16Array.from(
    drawn((x, y) => [...quarters(x, y).map(value => 255 - value), 40]),
    value => 257 * value
  )
  const expected: Picture = (x, y) => quarters(x, y).map(value => (value * (255 - 40)) / 255)
  expectWithin2(await read('a.tif', tiff(deep, { edge, channels: 4 })), expected)
})

test('around a first picture that is smaller than its canvas is the background', async () => {
  const small = await sharp(Uint8Array.from(drawn(quarters)), { raw: { width: edge, height: edge, channels: 3 } })
    .extract({ left: 4, top: 2, width: 8, height: 10 })
    .gif({ dither: 0 })
    .toBuffer()
  small.writeUInt16LE(edge, 6)
  small.writeUInt16LE(edge, 8)
  const image = small.lastIndexOf(Buffer.of(0x2c, 0, 0, 0, 0, 8, 0, 10, 0))
  small.writeUInt16LE(4, image + 1)
  small.writeUInt16LE(2, image + 3)
  for (const background of [undefined, [10, 200, 120]] as const) {
    const shown: Picture = (x, y) =>
      x >= 4 && x < 12 && y >= 2 && y < 12 ? quarters(x, y) : (background ?? [255, 255, 255])
    expectWithin2(await read('a.gif', small, { background }), shown)
  }
})

test('of a sequence as AVIF the first picture', async () => {
  const avif = await stored(quarters).avif({ lossless: true, chromaSubsampling: '4:4:4' }).toBuffer()
  expect(avif.toString('latin1', 4, 12)).toBe('ftypavif')
  // Files of sequences are called so, and have their first picture as a picture, too.
  avif.write('avis', 8)
  expectWithin2(await read('a.avif', avif), quarters)
})

describe('what would be decoded to other pixels is refused', () => {
  const refused = (name: string, file: Uint8Array): Promise<string> =>
    read(name, file).then(
      () => 'read',
      (error: Error) => error.message
    )
  const bytes = Uint8Array.from(drawn(quarters))
  const [grey, floats] = [bytes.subarray(0, edge * edge), Float32Array.from(bytes, value => value / 255)]

  test('a TIFF that is cut anywhere within its picture', async () => {
    for (const strips of [1, 4]) {
      const whole = tiff(bytes, { edge, channels: 3, strips })
      expectWithin2(await read('a.tif', whole), quarters)
      for (const end of [5, 60, 200, 0.3 * whole.length, 0.6 * whole.length, 0.9 * whole.length, whole.length - 1])
        expect(await refused('a.tif', whole.subarray(0, end))).toMatch(
          /a\.tif to be an image, but it is cut short\. Put/
        )
    }
  })

  test.each<[string, Uint8Array, string]>([
    [
      'floats',
      tiff(floats, { edge, channels: 3, format: 3 }),
      'it is a TIFF of 32-bit floats: save it with 8 or 16 bits'
    ],
    ['signed', tiff(grey, { edge, channels: 1, format: 2 }), 'it is a TIFF of 8-bit signed numbers: save it with 8 or'],
    ['wide', tiff(floats, { edge, channels: 3 }), 'it is a TIFF of 32-bit numbers: save it with 8 or 16 bits'],
    [
      'Zstandard',
      tiff(bytes, { edge, channels: 3, compression: 50000 }),
      'it is a TIFF compressed by Zstandard, which is not decoded here: save it by LZW or deflate'
    ],
    ['LZMA', tiff(bytes, { edge, channels: 3, compression: 34925 }), 'it is a TIFF compressed by LZMA, which is not'],
    [
      'another',
      tiff(bytes, { edge, channels: 3, compression: 12345 }),
      'it is a TIFF compressed by number 12345, which'
    ],
    [
      'YCbCr',
      tiff(bytes, { edge, channels: 3, photometric: 6 }),
      'the colours YCbCr without JPEG, which are not decoded'
    ],
    ['CIELAB', tiff(bytes, { edge, channels: 3, photometric: 8 }), 'the colours CIELAB, which are not decoded here']
  ])('a TIFF: %s', async (_, file, words) => {
    expect(await refused('a.tif', file)).toContain(words)
  })

  test.each(['lzw', 'deflate'] as const)('a TIFF with damaged bytes, compressed by %s', async compression => {
    const file = await stored(quarters).tiff({ compression, predictor: 'none' }).toBuffer()
    file.fill(0xff, 12, 30)
    expect(await refused('a.tif', file)).toContain('but it is damaged or cut short (')
  })

  test('a drawing that is called a picture', async () => {
    const drawing = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect/></svg>')
    expect(await refused('a.png', drawing)).toContain(
      'but it is damaged or cut short (it does not begin as a JPEG, a PNG, a WebP, a GIF, a TIFF or an AVIF does).'
    )
  })
})
