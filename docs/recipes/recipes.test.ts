import { readdirSync, readFileSync } from 'node:fs'
import { dispose, drawShapes, mapTeachers, train, useBackend, type Experiment, type TrainedTeacher } from 'lapstrake'
import { beforeAll, describe, expect, test } from 'vitest'

const files = readdirSync(import.meta.dirname).filter(file => /^\d\d-.*\.ts$/.test(file))
beforeAll(() => useBackend('wasm'))

/** A teacher that learns for one epoch. */
const briefly = (teacher: Experiment['teacher']): Experiment['teacher'] =>
  teacher &&
  mapTeachers<TrainedTeacher, TrainedTeacher>(teacher, one =>
    'trainedBy' in one ? { ...one, trainedBy: { ...one.trainedBy, epochs: 1 } } : one
  )

describe.each(files)('%s', file => {
  test('is short, but for what it imports', () => {
    const text = readFileSync(`${import.meta.dirname}/${file}`, 'utf8')
    expect(text.replace(/^import [^']*'[^']*'\n/gm, '').split('\n').length).toBeLessThan(85)
  })

  test('learns: its loss falls within a few steps on a little data', async () => {
    const { default: experiment } = (await import(/* @vite-ignore */ `./${file}`)) as { default: Experiment }
    const losses: number[] = []
    // Against a queue of random directions any network is good: the loss of a momentum encoder rises until real keys
    // fill it.
    const [epochs, settled] = experiment.target === undefined ? [12, 0] : [24, 32]
    const { state } = await train(
      { ...experiment, teacher: briefly(experiment.teacher), batchSize: 16, epochs },
      {
        dataset: drawShapes({ count: 64, size: 32 }),
        onStep: step => {
          losses.push(Object.values(step.losses).reduce((sum, loss) => sum + loss, 0))
        }
      }
    )
    dispose(state)
    const mean = (some: number[]): number => some.reduce((a, b) => a + b, 0) / some.length
    expect(losses.every(Number.isFinite)).toBe(true)
    expect(mean(losses.slice(-6))).toBeLessThan(mean(losses.slice(settled, settled + 6)))
  })
})
