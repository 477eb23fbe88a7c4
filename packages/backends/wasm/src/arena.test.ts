import { expect, test } from 'vitest'
import { Arena } from './arena.ts'

/** An arena on a memory of numbers, as long as it asked for. */
function arenaOf(end: number): { arena: Arena; end: () => number } {
  let length = end
  return { arena: new Arena(100, end, bytes => (length += bytes)), end: () => length }
}

test('blocks never overlap, whatever is asked for and given back', () => {
  const { arena, end } = arenaOf(10_000)
  const blocks = new Map<number, number>()
  let state = 1
  const random = (most: number): number => (state = (state * 48_271) % 2_147_483_647) % most
  for (let i = 0; i < 5000; i++) {
    if (random(3) > 0) {
      const bytes = random(random(20) === 0 ? 20_000 : 500)
      const address = arena.allocate(bytes)
      expect(address % 64).toBe(0)
      expect(address).toBeGreaterThanOrEqual(100)
      for (const [other, length] of blocks) expect(address + bytes <= other || other + length <= address).toBe(true)
      blocks.set(address, Math.max(1, bytes))
    } else if (blocks.size > 0) {
      const address = [...blocks.keys()][random(blocks.size)]!
      arena.release(address)
      blocks.delete(address)
    }
  }
  expect(Math.max(...[...blocks].map(([address, length]) => address + length))).toBeLessThanOrEqual(end())
  expect(arena.used).toBeGreaterThanOrEqual([...blocks.values()].reduce((sum, length) => sum + length))
  for (const address of blocks.keys()) arena.release(address)
  expect(arena.used).toBe(0)
  // All neighbours have joined: the whole is one block again.
  const before = end()
  arena.allocate(before - 200)
  expect(end()).toBe(before)
})

test('memory grows only for what does not fit, and by no more than is missing', () => {
  const { arena, end } = arenaOf(1128)
  const first = arena.allocate(512)
  arena.allocate(256)
  arena.release(first)
  expect(arena.allocate(400)).toBe(first)
  expect(end()).toBe(1128)
  arena.allocate(1024)
  expect(end()).toBe(1128 + 1024 - 192)
  expect(arena.peak).toBe(448 + 256 + 1024)
})

test('a block is given back once', () => {
  const { arena } = arenaOf(1000)
  const address = arena.allocate(1)
  arena.release(address)
  expect(() => arena.release(address)).toThrow('backend-wasm: expected the address of a block, got 128.')
})

test('what cannot grow leaves everything as it was', () => {
  const arena = new Arena(0, 640, () => {
    throw new Error('full')
  })
  const address = arena.allocate(128)
  expect(() => arena.allocate(1024)).toThrow('full')
  expect(arena.used).toBe(128)
  arena.release(address)
  expect(arena.allocate(640)).toBe(0)
})
