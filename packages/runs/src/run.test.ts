import { dispose, type Owned, type State } from '@lapstrake/core'
import { dataOf, drawShapes, shapes } from '@lapstrake/data'
import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { run } from './run.ts'
import type { RunEvent } from './run-events.ts'
import { leaveEverywhere, tiny, ways } from './testing/pulled.ts'
import { useBackend } from './use-backend.ts'

beforeAll(() => useBackend('wasm', { threads: 1 }))

describe('a run that is pulled', () => {
  test('may be left at any event, by break, throw or abort: nothing is left, what was kept lives, and it goes on to the same bits', async () => {
    const outcomes = await leaveEverywhere()
    // Four steps of the teacher, eight of the student, and the end.
    expect(outcomes).toHaveLength(13 * ways.length)
    expect(outcomes.filter(({ tensors, keptLives, endsAlike }) => tensors !== 0 || !keptLives || !endsAlike)).toEqual(
      []
    )
  })

  test('tells of its steps in order and at last of its end', async () => {
    const told: string[] = []
    for await (const event of run(tiny, { dataset: drawShapes({ count: 16, size: 12 }) })) {
      told.push(event.kind === 'step' ? `${event.metrics.step} of ${event.metrics.steps}` : event.kind)
      if (event.kind === 'end') expect([event.step, event.steps, event.interrupted]).toEqual([2, 2, false])
    }
    expect(told).toEqual(['1 of 2', '2 of 2', 'end'])
  })

  test('lends its state only until the next event is asked for', async () => {
    const steps: RunEvent[] = []
    const kept: Owned<State>[] = []
    const before = tf.memory().numTensors
    for await (const event of run(tiny, { dataset: drawShapes({ count: 16, size: 12 }) })) {
      steps.push(event)
      if (event.kind === 'step') kept.push(event.keep())
    }
    const [first] = steps
    if (first?.kind !== 'step') throw new Error('expected a step first')
    expect(() => first.keep()).toThrow('run: expected keep() of step 1 to be asked for before the next step')
    await expect(first.save()).rejects.toThrow('run: expected save() of step 1 to be asked for before the next step')
    expect(kept.map(({ step }) => step)).toEqual([1, 2])
    dispose(kept as unknown as Owned<unknown>)
    expect(tf.memory().numTensors).toBe(before)
  })

  test("opens the experiment's own data, tells of that, and a data set given takes their place", async () => {
    const opened: string[] = []
    const data = dataOf({
      name: 'mine',
      train({ onProgress, onWarning }) {
        opened.push('train')
        onProgress?.({ what: 'a file', done: 1, total: 2, unit: 'files' })
        onWarning?.('one is missing')
        return drawShapes({ count: 16, size: 12 })
      }
    })
    const told: RunEvent[] = []
    for await (const event of run({ ...tiny, data })) told.push(event)
    expect(opened).toEqual(['train'])
    expect(told.slice(0, 2)).toEqual([
      { kind: 'opening', what: 'a file', done: 1, total: 2 },
      { kind: 'warning', message: 'one is missing' }
    ])
    for await (const event of run({ ...tiny, data }, { dataset: drawShapes({ count: 8, size: 12 }) }))
      if (event.kind === 'end') expect(event.steps).toBe(1)
    expect(opened).toEqual(['train'])
  })

  test('needs data, and reads nothing before it is pulled', async () => {
    await expect(run(tiny).next()).rejects.toThrow('run: expected pulled to hold its data, or a data set behind it')
    await expect(run(tiny, { dataset: shapes() as never }).next()).rejects.toThrow('run: expected a data set, such as')
    let opened = false
    const data = dataOf({
      name: 'mine',
      train() {
        opened = true
        return drawShapes({ count: 16, size: 12 })
      }
    })
    await run({ ...tiny, data }).return()
    expect(opened).toBe(false)
  })
})
