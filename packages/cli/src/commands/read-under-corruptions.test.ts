import '@tensorflow/tfjs-backend-cpu'
import { corruptionKinds, drawShapes, inMemory, type Dataset } from 'lapstrake'
import { expect, test, vi } from 'vitest'
import { corruptionsGiven, corruptionTable } from './read-under-corruptions.ts'

const coloured = drawShapes({ count: 8 })
const gray = inMemory({
  ...{ name: 'gray', classes: ['a'], shape: [2, 2, 1] },
  images: Uint8Array.of(1, 2, 3, 4),
  labels: Int32Array.of(0)
})

test('all corruptions are those that the data take', () => {
  expect(corruptionsGiven('all', coloured)).toEqual(corruptionKinds)
  expect(corruptionsGiven('all', gray)).toEqual(corruptionKinds.filter(kind => kind !== 'saturate'))
  expect(corruptionsGiven('fog, jpeg', gray)).toEqual(['fog', 'jpeg'])
  expect(corruptionsGiven('fog,jpeg,fog', gray)).toEqual(['fog', 'jpeg'])
  expect(corruptionsGiven('fog, all', coloured)).toEqual(corruptionKinds)
})

test('what is no corruption, and what are no images, is refused', () => {
  expect(() => corruptionsGiven('snowy', coloured)).toThrow(', got snowy. Did you mean snow?')
  expect(() => corruptionsGiven('fog,saturate', gray)).toThrow(
    '--corruptions: expected images of 3 channels to saturate, got 1. Leave saturate out.'
  )
  const four = { ...gray, shape: [2, 2, 4] as const }
  expect(() => corruptionsGiven('all', four)).toThrow('--corruptions: expected images of 1 or 3 channels, got 4.')
  const { shape: _, ...words } = { ...coloured, name: 'words' }
  expect(() => corruptionsGiven('all', words as Dataset)).toThrow(
    '--corruptions: expected images to corrupt, got words. Leave the option out.'
  )
})

test('the table has a row for each kind and the means beside the baseline', () => {
  vi.stubEnv('COLUMNS', '200')
  const found = (name: string, scale: number): Parameters<typeof corruptionTable>[0] => {
    const readouts = ['fog', 'jpeg'].flatMap((kind, k) =>
      [1, 2, 3, 4, 5].map(severity => ({ kind, severity, linear: scale * (0.6 - 0.1 * severity + 0.1 * k) }))
    )
    return { name, clean: 0.8 * scale, mean: readouts.reduce((sum, { linear }) => sum + linear / 10, 0), readouts }
  }
  const lines = corruptionTable(found('tiny, conv2', 1), found('untrained, top', 0.5)).split('\n')
  expect(lines[0]).toBe(
    'Corrupted test images, read by what learned from clean ones. Of clean ones tiny, conv2 reads 80.0 %, ' +
      'untrained, top 40.0 %.'
  )
  expect(lines[4]).toMatch(/^fog +50\.0 % +40\.0 % +30\.0 % +20\.0 % +10\.0 % +30\.0 % +15\.0 %$/)
  expect(lines[5]).toMatch(/^jpeg .* +40\.0 % +20\.0 %$/)
  expect(lines[6]).toMatch(/^mean +35\.0 % +17\.5 %$/)
})
