import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { crc32c, openJson, sealJson } from './index.ts'
import { makeFolder, readWholeFile, writeFileAtomic } from './node.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-files-'))
})
afterAll(() => rm(folder, { recursive: true }))

test('golden: the checksum of the nine digits, of RFC 3720, appendix B.4', () => {
  expect(crc32c('123456789').toString(16)).toBe('e3069283')
  expect(crc32c(new Uint8Array(32)).toString(16)).toBe('8a9136aa')
})

test('a checksum of pieces is that of the whole', () => {
  expect(crc32c('6789', crc32c(new Uint8Array(), crc32c('12345')))).toBe(crc32c('123456789'))
})

describe('sealed JSON', () => {
  const value = { name: 'a "b"', steps: [3, 0.1, null], __proto__: null, nested: { deep: [-1e-7] } }
  const text = sealJson({ ...value, ['__proto__']: 7 }, 2)

  test('comes back as it was, with any white space', () => {
    expect(openJson(text, 'x.json')).toEqual({ ...value, ['__proto__']: 7 })
    expect(openJson(text.replaceAll('\n', '').replaceAll('  ', ' '), 'x.json')).toEqual({ ...value, ['__proto__']: 7 })
    expect(sealJson(openJson(sealJson({ a: NaN }), 'x'))).toBe(sealJson({ a: null }))
  })

  test('with any bit flipped is refused by the name of its file, or says the same', () => {
    const bytes = new TextEncoder().encode(text)
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const flipped = bytes.slice()
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      let read: unknown
      try {
        read = openJson(new TextDecoder().decode(flipped), 'x.json')
      } catch (error) {
        expect((error as Error).message).toMatch(/^x\.json: expected JSON as lapstrake wrote it, got /)
        continue
      }
      expect(read).toEqual({ ...value, ['__proto__']: 7 })
    }
  })

  test.each(
    [
      '',
      '[]',
      '5',
      'null',
      '{}',
      '{"a":1,"crc32c":"00000000"}',
      '{"crc32c":5}',
      `{"a":${'['.repeat(1e5)}${']'.repeat(1e5)},"crc32c":"00000000"}`,
      `{"crc32c":${'['.repeat(1e5)}${']'.repeat(1e5)}}`
    ].map(other => [other.slice(0, 30), other])
  )('%j is refused', (_, other) =>
    expect(() => openJson(other, 'x.json')).toThrow('x.json: expected JSON as lapstrake wrote it, got ')
  )
})

describe('a folder', () => {
  test('is made with those above it, and the uppermost of these is told', async () => {
    expect(await makeFolder(join(folder, 'a/b/c'))).toBe(join(folder, 'a'))
    expect(await makeFolder(join(folder, 'a/b/c'))).toBeUndefined()
    expect(await makeFolder(join(folder, 'a/b/d'))).toBe(join(folder, 'a/b/d'))
  })

  test('that cannot be is refused at once', async () => {
    await writeFile(join(folder, 'plain'), '')
    await expect(makeFolder(join(folder, 'plain/a/b'))).rejects.toThrow('ENOTDIR')
    if (process.platform === 'linux') await expect(makeFolder('/proc/lapstrake/a')).rejects.toThrow('ENOENT')
  })
})

describe('reading a file', () => {
  test('gives its bytes', async () => {
    await writeFile(join(folder, 'read'), 'abc')
    expect(new TextDecoder().decode(await readWholeFile(join(folder, 'read')))).toBe('abc')
  })

  test('refuses what is none, by its name', async () => {
    await expect(readWholeFile(join(folder, 'nowhere'))).rejects.toThrow(
      `${join(folder, 'nowhere')}: expected a file, got none.`
    )
    await expect(readWholeFile(folder)).rejects.toThrow(`${folder}: expected a file, got a folder.`)
    // A file that opens, of whose first bytes no process may know.
    if (process.platform === 'linux')
      await expect(readWholeFile('/proc/self/mem')).rejects.toThrow(
        '/proc/self/mem: expected a file, got one that cannot be read (EIO).'
      )
    const pipe = join(folder, 'pipe')
    if (spawnSync('mkfifo', [pipe]).status === 0)
      await expect(readWholeFile(pipe)).rejects.toThrow(`${pipe}: expected a file, got a pipe, a socket or a device.`)
  })
})

describe('writing a file', () => {
  test('replaces the old one whole, and makes the folder', async () => {
    const path = join(folder, 'new', 'file')
    await writeFileAtomic(path, 'old')
    await writeFileAtomic(path, 'new')
    expect(await readFile(path, 'utf8')).toBe('new')
    expect(await readdir(join(folder, 'new'))).toEqual(['file'])
  })

  test('of pieces is whole, or not there when one of them fails', async () => {
    const path = join(folder, 'pieces', 'file')
    async function* pieces(fail: boolean): AsyncGenerator<string | Uint8Array> {
      yield 'one, '
      yield new TextEncoder().encode('two')
      if (fail) throw new Error('three is missing')
    }
    await writeFileAtomic(path, pieces(false))
    await expect(writeFileAtomic(path, pieces(true))).rejects.toThrow(/^three is missing$/)
    expect(await readFile(path, 'utf8')).toBe('one, two')
    expect(await readdir(join(folder, 'pieces'))).toEqual(['file'])
    await expect(writeFileAtomic(path, {} as never)).rejects.toThrow(
      'writeFileAtomic: expected bytes or a text, got object.'
    )
  })

  test('where it cannot be says so and leaves nothing', async () => {
    await writeFile(join(folder, 'plain'), '')
    await expect(writeFileAtomic(join(folder, 'plain', 'file'), 'x')).rejects.toThrow(
      `writeFileAtomic: expected to write ${join(folder, 'plain', 'file')}, but could not`
    )
  })

  const small = '/tmp/lapstrake-small-disk'
  const mounted =
    process.platform === 'linux' &&
    process.getuid?.() === 0 &&
    spawnSync('sh', ['-c', `mkdir -p ${small} && mount -t tmpfs -o size=64k tmpfs ${small}`]).status === 0
  afterAll(() => {
    if (mounted) spawnSync('umount', [small])
  })
  test.skipIf(!mounted)(
    'on a full disk keeps the old file and leaves no part of the new one (needs root to mount a small disk)',
    async () => {
      const path = join(small, 'file')
      await writeFileAtomic(path, 'old')
      await expect(writeFileAtomic(path, new Uint8Array(200_000))).rejects.toThrow(
        'The disk is full: make room, or choose another folder.'
      )
      expect(await readFile(path, 'utf8')).toBe('old')
      expect(await readdir(small)).toEqual(['file'])
    }
  )
})
