import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { pack } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { webDataset } from '../index.ts'
import { openWebDataset } from '../node.ts'
import { bytesOf } from './open-file.ts'
import { membersOfTar, type TarMember } from './tar-members.ts'

let folder: string
let png: Buffer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-tar-'))
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'))
  png = await sharp({ create: { width: 9, height: 9, channels: 3, background: '#00ff00' } })
    .png()
    .toBuffer()
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

type Content = readonly (readonly [name: string, content: Buffer | string])[]

async function archive(content: Content): Promise<Buffer> {
  const packed = pack()
  for (const [name, bytes] of content) packed.entry({ name }, bytes as string)
  packed.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of packed) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

let shards = 0
async function shard(content: Content | Uint8Array): Promise<string> {
  const path = join(folder, `${shards++}.tar`)
  await writeFile(path, content instanceof Uint8Array ? content : await archive(content as Content))
  return path
}

async function membersOf(path: string): Promise<TarMember[]> {
  const all: TarMember[] = []
  for await (const member of membersOfTar(path)) all.push(member)
  return all
}

const labelsOf = async (content: Content): Promise<number[]> => [
  ...(await openWebDataset(await shard(content), { size: 4 })).labels!
]

describe('an archive that is cut', () => {
  test('is refused by its name, at 150 places and at every boundary of a member', async () => {
    const whole = await archive(
      Array.from({ length: 12 }, (_, i) => [
        [`${i}.png`, png],
        [`${i}.cls`, String(i)],
        [`${i}.json`, JSON.stringify({ caption: 'x'.repeat(40 * i) })]
      ]).flat() as unknown as Content
    )
    const path = await shard(whole)
    const boundaries = (await membersOf(path)).map(({ offset }) => offset - 512)
    const end = whole.length - 1024
    const cuts = [...Array.from({ length: 150 }, (_, i) => Math.floor((i * end) / 150)), ...boundaries, end, end + 511]
    const escaped: unknown[] = []
    const onEscape = (error: unknown): number => escaped.push(error)
    process.on('uncaughtException', onEscape)
    process.on('unhandledRejection', onEscape)
    const answers: string[] = []
    const cut = await shard(whole)
    for (const length of cuts) {
      await writeFile(cut, whole)
      await truncate(cut, length)
      answers.push(
        await openWebDataset(cut, { size: 4 }).then(
          () => 'loads',
          (error: Error) => error.message
        )
      )
    }
    await new Promise(done => setTimeout(done, 20))
    process.off('uncaughtException', onEscape)
    process.off('unhandledRejection', onEscape)
    expect(escaped).toEqual([])
    expect(cuts.length).toBe(150 + 36 + 2)
    const start = `webDataset: expected ${cut} to be a whole tar archive, but it `
    const how = new RegExp(
      '(is empty|ends at byte \\d+(, behind .+, without the mark of an end: nobody knows how much is missing|' +
        ' within .+, of which \\d+ bytes are missing))\\. Make it anew, or fetch it again\\.$'
    )
    expect(answers.filter(answer => !answer.startsWith(start) || !how.test(answer))).toEqual([])
    // Where only a part of the mark is cut off, nothing is missing.
    await writeFile(cut, whole.subarray(0, end + 512))
    expect((await openWebDataset(cut, { size: 4 })).size).toBe(12)
  })

  test('or has another behind it, is refused', async () => {
    const one = await archive([['a.png', png]])
    await expect(openWebDataset(await shard(Buffer.concat([one, one])), { size: 4 })).rejects.toThrow(
      '.tar to be a whole tar archive, but there is more behind its end at byte 1024, from byte 2048: ' +
        'archives in one file.'
    )
  })

  test('or is damaged, is refused', async () => {
    const whole = await archive([
      ['a.png', png],
      ['b.png', png]
    ])
    whole[1024 + 20]! ^= 1
    await expect(openWebDataset(await shard(whole), { size: 4 })).rejects.toThrow(
      'to be a whole tar archive, but what follows at byte 1024 is damaged.'
    )
    await expect(openWebDataset(await shard(new Uint8Array(2000).fill(65)), { size: 4 })).rejects.toThrow(
      'to be a whole tar archive, but it is none.'
    )
  })
})

describe('members are found', () => {
  const long = `${'deep/'.repeat(30)}${'name'.repeat(30)}.png`
  test.each(['ustar', 'pax', 'gnu', 'oldgnu'])('in an archive that tar makes in the format %s', async format => {
    const from = join(folder, format)
    const name = format === 'ustar' ? `${'deep/'.repeat(20)}${'name'.repeat(20)}.png` : long
    await mkdir(join(from, name, '..'), { recursive: true })
    await writeFile(join(from, name), png)
    await writeFile(join(from, 'ä.cls'), '7')
    const path = join(folder, `${format}.tar`)
    execFileSync('tar', ['-cf', path, `--format=${format}`, '-C', from, 'deep', 'ä.cls'])
    const members = (await membersOf(path)).filter(({ kind }) => kind === 'file')
    expect(members.map(({ name, size }) => [name, size])).toEqual([
      [name, png.length],
      ['ä.cls', 1]
    ])
    const [{ offset, size }] = members as [TarMember]
    expect((await openWebDataset(path, { size: 4 })).size).toBe(1)
    expect((await sharp(await bytesOf(path, { offset, size })).metadata()).width).toBe(9)
  })

  test.each(['0.0', '0.1', '1.0', 'oldgnu'])('but sparse ones are refused by their names: %s', async version => {
    const from = join(folder, `sparse-${version}`)
    await mkdir(from)
    await writeFile(join(from, 'a.png'), png)
    await truncate(join(from, 'a.png'), 1e6)
    const path = join(folder, `sparse-${version}.tar`)
    const format = version === 'oldgnu' ? ['--format=oldgnu'] : ['--format=pax', `--sparse-version=${version}`]
    execFileSync('tar', ['-cf', path, '--sparse', ...format, '-C', from, 'a.png'])
    await expect(openWebDataset(path, { size: 4 })).rejects.toThrow(
      /\.tar to be a whole tar archive, but a\.png in it is sparse, which is not read\. Make it without --sparse\./
    )
  })
})

describe('classes', () => {
  test.each<[string, Content, number]>([
    [
      'of a .cls, whatever a .json beside it says',
      [
        ['a.cls', '3'],
        ['a.json', '{"caption":"a cat"}']
      ],
      3
    ],
    [
      'of a .cls behind a .json',
      [
        ['a.json', '{"label":5}'],
        ['a.cls', ' 3\n']
      ],
      3
    ],
    [
      'of a .cls that is not even beside JSON',
      [
        ['a.cls', '3'],
        ['a.json', 'no JSON']
      ],
      3
    ],
    ['of a .CLS', [['a.CLS', '3']], 3],
    ['of a label in a .json', [['a.json', '{"label":4,"cls":2}']], 4],
    ['of a cls in a .json', [['a.JSON', '{"cls":"2"}']], 2],
    ['that are unknown', [['a.cls', '-1']], -1],
    ['that nobody tells', [['a.json', '{"caption":"a cat","label":null}']], -1],
    ['that nobody tells in a list', [['a.json', '[1]']], -1],
    ['that a .json is', [['a.json', '3']], 3],
    ['of the same path, said otherwise', [['./a.cls', '3']], 3]
  ])('%s', async (_, about, label) => {
    expect(await labelsOf([['a.png', png], ...about])).toEqual([label])
  })

  test.each<[string, string, string]>([
    ['a.cls', 'cat', 'the number of a class, or -1 for none, got "cat" for a in '],
    ['a.cls', '', 'the number of a class, or -1 for none, got "" for a in '],
    ['a.cls', '1.5', 'the number of a class, or -1 for none, got "1.5" for a in '],
    ['a.cls', '-2', 'the number of a class, or -1 for none, got -2 for a in '],
    ['a.json', '{"label":""}', 'the number of a class, or -1 for none, got "" for a in '],
    ['a.json', '{"label":[]}', 'the number of a class, or -1 for none, got [] for a in '],
    ['a.json', '{"label":true}', 'the number of a class, or -1 for none, got true for a in '],
    ['a.json', '{"label":4294967294}', 'classes below 1000000, got 4294967294 for a in '],
    ['a.json', '1.5', 'the number of a class, or -1 for none, got 1.5 for a in '],
    ['a.json', '{"label":', 'JSON for a in ']
  ])('that are none are refused: %s %s', async (name, text, words) => {
    await expect(
      labelsOf([
        ['a.png', png],
        [name, text]
      ])
    ).rejects.toThrow(`webDataset: expected ${words}`)
  })

  test('of 130,000 examples and more, in one archive', async () => {
    const [one] = [await archive([['000000.png', png]])]
    const header = one.subarray(0, 512)
    const body = one.subarray(512, 1024)
    const count = 140_000
    const whole = Buffer.alloc(count * 1024 + 1024)
    for (let i = 0; i < count; i++) {
      const at = i * 1024
      whole.set(header, at)
      whole.write(String(i).padStart(6, '0'), at)
      whole.write('        ', at + 148)
      const sum = whole.subarray(at, at + 512).reduce((sum, byte) => sum + byte, 0)
      whole.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148)
      whole.set(body, at + 512)
    }
    const dataset = await openWebDataset(await shard(whole), { size: 4 })
    expect(dataset.size).toBe(count)
    expect((await dataset.read([count - 1]))[0]!.image[1]).toBe(255)
  })
})

test('names that are no UTF-8 are kept apart', async () => {
  const whole = await archive([
    ['1.png', png],
    ['1.cls', '1'],
    ['2.png', png],
    ['2.cls', '2']
  ])
  // é and è of Latin-1 in place of the figures, and the sums of the headers with them.
  for (const { offset } of await membersOf(await shard(whole))) {
    const header = whole.subarray(offset - 512, offset)
    header[0] = header[0] === 49 ? 0xe9 : 0xe8
    header.write('        ', 148)
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148
    )
  }
  const path = await shard(whole)
  expect((await membersOf(path)).map(({ name }) => name)).toEqual(['é.png', 'é.cls', 'è.png', 'è.cls'])
  expect([...(await openWebDataset(path, { size: 4 })).labels!]).toEqual([1, 2])
})

test.each(['cls', 'json', 'png'])('a link for a .%s is refused, one for anything else is told', async ending => {
  const link = async (name: string): Promise<string> => {
    const packed = pack()
    packed.entry({ name: 'a.png' }, png)
    packed.entry({ name: 'b.png' }, png)
    packed.entry({ name, type: 'symlink', linkname: `a.${ending}` })
    packed.finalize()
    const chunks: Buffer[] = []
    for await (const chunk of packed) chunks.push(chunk as Buffer)
    return shard(Buffer.concat(chunks))
  }
  await expect(openWebDataset(await link(`c.${ending}`), { size: 4 })).rejects.toThrow(
    `to be a whole tar archive, but it has a link for c.${ending}. Make it with tar's --dereference`
  )
  expect((await openWebDataset(await link('c.txt'), { size: 4 })).leftOut).toEqual(['1 links, such as c.txt'])
})

test('a .json that tells no class is told, and so is a member with another of its name behind it', async () => {
  const dataset = await openWebDataset(
    await shard([
      ['a.png', png],
      ['a.json', '{"Label":1}'],
      ['b.png', png],
      ['b.json', '"x"'],
      ['c.png', png],
      ['c.json', '{"label":null}'],
      ['d.png', png],
      ['d.cls', '1'],
      ['d.json', '{"caption":"a cat"}'],
      ['d.cls', '2'],
      ['d.CLS', '3']
    ]),
    { size: 4 }
  )
  expect([...dataset.labels!]).toEqual([-1, -1, -1, 2])
  expect(dataset.leftOut).toEqual([
    '1 with another of the same name behind it, which is taken, such as d.cls',
    '1 beside another cls of the example, such as d.CLS',
    '2 .json without a label or cls, such as a.json'
  ])
})

test('of a folder every archive is taken, and what else is in it is told', async () => {
  const data = join(folder, 'mixed')
  await mkdir(join(data, 'train', 'sub'), { recursive: true })
  const whole = await archive([['a.png', png]])
  for (const name of ['a.tar', 'b.TAR', 'c.tar.gz', 'sub/d.tar', '._a.tar', 'a.idx'])
    await writeFile(join(data, 'train', name), whole)
  const warnings: string[] = []
  const dataset = await webDataset(data, { size: 4 }).open('train', { onWarning: told => warnings.push(told) })
  expect(dataset.size).toBe(2)
  expect(warnings).toEqual([
    `${join(data, 'train', 'a.tar')} and 1 more: left out 1 hidden, such as ._a.tar; 1 .idx, such as a.idx; ` +
      '1 compressed (unpack them), such as c.tar.gz; 1 folders, in which no archives are looked for, such as sub.'
  ])
  await rm(join(data, 'train', 'a.tar'))
  await rm(join(data, 'train', 'b.TAR'))
  await expect(webDataset(data, { size: 4 }).open('train')).rejects.toThrow(
    `webDataset: expected tar archives in ${data}/train, got none and 1 hidden, such as ._a.tar; 1 .idx`
  )
})

test('what else is in an archive is told', async () => {
  const dataset = await openWebDataset(
    await shard([
      ['a.png', png],
      ['a.txt', 'a caption'],
      ['a.seg.png', png],
      ['a.webp', png],
      ['._a.png', 'not an image'],
      ['__MACOSX/b.png', 'not an image'],
      ['b.cls', '1'],
      ['c.bmp', 'x'],
      ['d.txt', 'another'],
      ['a.png', png]
    ]),
    { size: 4 }
  )
  expect([dataset.size, dataset.leftOut]).toEqual([
    1,
    [
      '2 .txt, such as a.txt',
      '1 .seg.png, such as a.seg.png',
      '1 beside another image of the example, such as a.webp',
      '2 hidden, such as ._a.png',
      '1 .bmp that cannot be decoded here (save them as .png), such as c.bmp',
      '1 with another of the same name behind it, which is taken, such as a.png',
      '1 without an image, such as b'
    ]
  ])
})
