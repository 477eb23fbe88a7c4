import { expect, test } from 'vitest'
import { eventsOf } from './events-of.ts'

const soon = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 1))

test('gives what work tells as it comes, and at last its result', async () => {
  const order: string[] = []
  const events = eventsOf<number, string>(async tell => {
    tell(1)
    await soon()
    tell(2)
    tell(3)
    return 'done'
  })
  for (;;) {
    const { value, done } = await events.next()
    order.push(String(value))
    if (done) break
  }
  expect(order).toEqual(['1', '2', '3', 'done'])
})

test('throws what the work throws, behind what it told before', async () => {
  const events = eventsOf<number, void>(async tell => {
    tell(1)
    throw new Error('no')
  })
  expect(await events.next()).toEqual({ value: 1, done: false })
  await expect(events.next()).rejects.toThrow('no')
})

test('waits for the work of whoever leaves, and hands back the result that nobody takes', async () => {
  let ended = false
  const discarded: string[] = []
  const events = eventsOf<number, string>(
    async tell => {
      tell(1)
      await soon()
      ended = true
      return 'tensor'
    },
    result => discarded.push(result)
  )
  await events.next()
  await events.return('')
  expect([ended, discarded]).toEqual([true, ['tensor']])
})
