import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { seeded } from 'lapstrake'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { casesOf, outcomeOf, type Case } from '../testing/faults-cases.ts'
import { scenarios } from '../testing/faults-scenarios.ts'
import { root } from '../testing/lapstrake.ts'

let folder: string
let cases: readonly Case[]
beforeAll(async () => {
  folder = await mkdtemp(join(root, 'node_modules/.lapstrake-test-'))
  cases = casesOf(await scenarios(folder, ['train']))
})
afterAll(() => rm(folder, { recursive: true }))

/** One call of each kind, in another file where there is one; `npm run faults` has every call fail. */
const kinds = [
  'open',
  'file.write',
  'file.writeFile',
  'file.sync',
  'file.close',
  'rename',
  'rmSync',
  'appendFile',
  'array',
  'block',
  'thread'
]

test('a call that fails ends a run clearly or warns, and the run comes to the same bits', async () => {
  const random = seeded(14)
  const waiting = kinds.map(kind => {
    const some = cases.filter(({ site }) => site.kind === kind)
    return some[random.split(kind).bits(1)[0]! % some.length]!
  })
  const wrong: string[] = []
  await Promise.all(
    [0, 1].map(async worker => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const outcome = await outcomeOf(next, join(folder, `out-${worker}`))
        const {
          site: { kind, shown },
          fault: { call },
          ended,
          said
        } = outcome
        if (ended === 'WRONGLY') wrong.push(`${kind} at ${shown}, call ${call}: ${outcome.wrong}\n${said}`)
      }
    })
  )
  expect(wrong).toEqual([])
})
