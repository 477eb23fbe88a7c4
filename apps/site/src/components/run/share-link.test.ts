import { expect, test } from 'vitest'
import { hashOf, sourceOf } from './share-link.ts'

test('a link brings back every character, and is shorter than the source', () => {
  const source = `// Löwe et al. – ε, 日本, 🛶\n${'const a = 1\n'.repeat(200)}`
  const hash = hashOf(source)
  expect(sourceOf(hash)).toBe(source)
  expect(hash).toMatch(/^#code=[\w-]+$/)
  expect(hash.length).toBeLessThan(source.length / 4)
})

test('other hashes hold no recipe, and a link that is cut off says so', () => {
  expect(sourceOf('#results')).toBeUndefined()
  expect(sourceOf('')).toBeUndefined()
  expect(() => sourceOf(hashOf('const a = 1').slice(0, -6))).toThrow(/cut off or damaged/)
  expect(() => sourceOf('#code=%%%')).toThrow(/cut off or damaged/)
})
