import { cifarResNet, convNet } from '@lapstrake/backbone-resnet'
import { dispose, ofTeacher, type Owned, type State } from '@lapstrake/core'
import { dataOf, drawShapes, shapes } from '@lapstrake/data'
import { softlyShared } from '@lapstrake/isolation'
import { identity, linear } from '@lapstrake/layers'
import { kd } from '@lapstrake/loss-distillation'
import { sgd } from '@lapstrake/optimizers'
import { untilPlateau } from '@lapstrake/scheduler'
import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Experiment } from './experiment.ts'
import { run } from './run.ts'
import type { RunEvent } from './run-events.ts'
import { describeRun } from './saved-run.ts'
import { leaveEverywhere, tiny, ways } from './testing/pulled.ts'
import { TrainingStopped } from './training-stopped.ts'
import { useBackend } from './use-backend.ts'

beforeAll(() => useBackend('wasm', { threads: 1 }))

describe('a run that is pulled', () => {
  test('may be left at any event, in any way: no tensor is left, what was kept lives, its bits go on', async () => {
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
    await expect(run(tiny, { dataset: shapes() as never }).next()).rejects.toThrow(
      "run: expected a data set, got data that are not open. Open data by await data.open('train')."
    )
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

const examples = drawShapes({ count: 16, size: 12 })
/** The last event of a run, with what it saves. */
async function endOf(...given: Parameters<typeof run>): Promise<{ readonly step: number; readonly saved: Uint8Array }> {
  for await (const event of run(...given)) {
    if (event.kind === 'end') return { step: event.step, saved: await event.save() }
  }
  throw new Error('expected an end')
}

describe('a run that ends before its last step', () => {
  test('hears a timer while nothing but promises is between its steps, and its teacher does', async () => {
    for (const experiment of [
      { ...tiny, epochs: Infinity },
      { ...tiny, teacher: { backbone: tiny.backbone, trainedBy: { ...tiny, epochs: Infinity } } }
    ]) {
      const stop = new AbortController()
      setTimeout(() => stop.abort(), 50)
      const told: RunEvent['kind'][] = []
      for await (const event of run(experiment, { dataset: examples, signal: stop.signal })) told.push(event.kind)
      expect(told.at(-1)).toBe('end')
    }
  })

  test('by its schedule is saved there, and is over when it goes on', async () => {
    const experiment = { ...tiny, epochs: 50, schedule: untilPlateau({ patience: 2, tolerance: 10 }) }
    const { step, saved } = await endOf(experiment, { dataset: examples })
    expect(step).toBe(3)
    expect((await endOf(experiment, { dataset: examples, resume: saved })).step).toBe(3)
  })

  test('before its first step is saved too, and goes on from its beginning', async () => {
    const { step, saved } = await endOf(tiny, { dataset: examples, signal: AbortSignal.abort() })
    expect(step).toBe(0)
    expect((await endOf(tiny, { dataset: examples, resume: saved })).step).toBe(2)
    const taught = { ...tiny, teacher: { backbone: tiny.backbone, trainedBy: tiny } }
    const none = await endOf(taught, { dataset: examples, signal: AbortSignal.abort() })
    expect([none.step, describeRun(none.saved).first]).toEqual([0, 1])
    expect((await endOf(taught, { dataset: examples, resume: none.saved })).step).toBe(2)
  })

  test('while its data are opened is rejected with the reason of its signal', async () => {
    const [end, reason] = [new AbortController(), new Error('enough')]
    const data = dataOf({
      name: 'far away',
      train: ({ signal }) =>
        new Promise<never>((_, reject) => {
          signal!.addEventListener('abort', () => reject(signal!.reason as Error))
          setTimeout(() => end.abort(reason))
        })
    })
    await expect(endOf({ ...tiny, data }, { signal: end.signal })).rejects.toBe(reason)
  })

  test('is saved as it was where the file is written while it goes on', async () => {
    let saving: Promise<Uint8Array> | undefined
    for await (const event of run({ ...tiny, epochs: 3 }, { dataset: examples }))
      if (event.kind === 'step' && event.metrics.step === 2) saving = event.save()
    expect(describeRun((await saving)!).step).toBe(2)
  })
})

test('a penalty that begins at 0 is no loss that has nothing to compare', async () => {
  const warnings: string[] = []
  const costs: number[] = []
  for await (const event of run(softlyShared(tiny), { dataset: examples })) {
    if (event.kind === 'warning') warnings.push(event.message)
    if (event.kind === 'step') costs.push(event.metrics.losses['conv2.penalty']!)
  }
  expect(costs[0]).toBe(0)
  expect(costs.at(-1)).toBeGreaterThan(0)
  expect(warnings).toEqual([])
})

describe('a teacher that is trained first', () => {
  const taught = (change: object): Experiment => ({
    ...tiny,
    teacher: { backbone: tiny.backbone, trainedBy: { ...tiny, ...change } }
  })

  test('that diverges is named, and leaves no state behind', async () => {
    const before = tf.memory().numTensors
    const diverging = taught({ optimizer: sgd({ learningRate: 1e30 }), epochs: 20 })
    const error = await endOf(diverging, { dataset: examples }).catch((error: unknown) => error)
    expect(error).not.toBeInstanceOf(TrainingStopped)
    expect((error as Error).message).toMatch(/^the teacher: train: expected finite losses/)
    expect(tf.memory().numTensors).toBe(before)
  })

  test('is trained once where it teaches under two names, and names what goes wrong', async () => {
    const { backbone } = tiny
    const once = { ...tiny, name: 'once', epochs: 1 }
    const twice = { ...tiny, name: 'twice', epochs: 2 }
    const teacher = {
      top: { backbone, trainedBy: once },
      low: { backbone, trainedBy: once, reads: () => 1 },
      deep: { backbone, trainedBy: twice }
    }
    const before = tf.memory().numTensors
    const steps: string[] = []
    for await (const event of run({ ...tiny, teacher }, { dataset: examples }))
      if (event.kind === 'teacher') steps.push(event.experiment.name)
    expect(steps).toEqual([...Array(2).fill('once'), ...Array(4).fill('twice')])
    const diverging = { ...twice, optimizer: sgd({ learningRate: 1e30 }), epochs: 20 }
    const failing = { ...tiny, teacher: { ...teacher, deep: { backbone, trainedBy: diverging } } }
    await expect(endOf(failing, { dataset: examples })).rejects.toThrow('the teacher "deep": train: expected finite')
    for await (const event of run({ ...tiny, teacher }, { dataset: examples }))
      if (event.kind === 'teacher' && event.experiment.name === 'twice') break
    expect(tf.memory().numTensors).toBe(before)
  })

  test('that a loss does not find is named before any learns', async () => {
    const { backbone } = tiny
    const several = { ...tiny, teacher: { wide: { backbone, trainedBy: tiny } } }
    const before = tf.memory().numTensors
    for (const loss of [ofTeacher('wdie', kd()), kd()]) {
      await expect(run({ ...several, loss: () => loss }, { dataset: examples }).next()).rejects.toThrow(/teacher/)
    }
    await expect(
      run({ ...several, loss: () => ofTeacher('wdie', kd()) }, { dataset: examples }).next()
    ).rejects.toThrow('ofTeacher: expected a teacher named wdie, got wide.')
    expect(tf.memory().numTensors).toBe(before)
  })

  test('of another backbone, or read through a unit that it has not, is refused before it learns', async () => {
    const wide = convNet({ widths: [6, 6, 6], strides: [2, 2, 1], layers: 1 })
    await expect(run(taught({ backbone: wide }), { dataset: examples }).next()).rejects.toThrow(
      "teacher: expected trainedBy to train the teacher's backbone"
    )
    const { teacher } = taught({})
    const read = { ...tiny, teacher: { ...teacher!, head: identity(), unit: 'unit7' } as Experiment['teacher'] }
    await expect(run(read, { dataset: examples }).next()).rejects.toThrow(
      'teacher: expected unit to be one of those of pulled, unit0, unit1, got unit7.'
    )
  })

  test('with another cut, another head, or one of a unit below the top is refused before it learns', async () => {
    const refused = (teacher: object): Promise<unknown> =>
      run({ ...tiny, teacher } as Experiment, { dataset: examples }).next()
    const [whole, parts] = (['groups', 'blocks'] as const).map(stages => cifarResNet({ depth: 14, stages }))
    const trainedBy = { ...tiny, backbone: parts }
    await expect(refused({ cut: { backbone: whole, trainedBy } })).rejects.toThrow(
      'teacher "cut": expected trainedBy to train the teacher\'s backbone'
    )
    const { backbone } = tiny
    const reads = (dim: number, unit?: string): object => ({
      deep: { backbone, head: linear({ dim }), unit, trainedBy: { ...tiny, head: () => linear({ dim: 4 }) } }
    })
    await expect(refused(reads(4))).rejects.toThrow(
      'teacher "deep": expected its head to be that of a unit of pulled that ends at the top, stage 3, ' +
        "got that of unit0, which ends at 2. Name another, as in unit: 'unit1'."
    )
    await expect(refused(reads(5, 'unit1'))).rejects.toThrow(
      'teacher "deep": expected unit1 of pulled to train the teacher\'s head, whose variables are 4×5, 5, got 4×4, 4.'
    )
    await expect(refused(reads(4, 'unit1'))).resolves.toMatchObject({ value: { kind: 'teacher' } })
  })

  test('that is read from a file of another network is named', async () => {
    const { backbone } = tiny
    const weights = (): Promise<Uint8Array> => Promise.resolve(new Uint8Array(9))
    const teacher = { deep: { backbone, weights } }
    await expect(run({ ...tiny, teacher }, { dataset: examples }).next()).rejects.toThrow(
      'teacher "deep": the weights of'
    )
  })
})
