import { expect, test } from 'vitest'
import { takeTurns } from './turns.ts'

test('everybody has the same number of turns, in order, and who leaves is passed over', async () => {
  const turns = takeTurns(3)
  const order: string[] = []
  const work = async (place: number, times: number): Promise<void> => {
    for (let i = 0; i < times; i++) {
      await turns[place]!.come()
      await new Promise(resolve => setTimeout(resolve, 3 - place))
      order.push(`${place}`)
      if (i + 1 < times) turns[place]!.pass()
    }
    turns[place]!.leave()
  }
  await Promise.all([work(0, 3), work(1, 1), work(2, 2)])
  expect(order.join('')).toBe('012020')
})

test('one alone is always on turn', async () => {
  const [turn] = takeTurns(1)
  await turn!.come()
  turn!.pass()
  await turn!.come()
})
