import { convNet } from '@lapstrake/backbone-resnet'
import { dispose, weighted, type Backbone, type Unit } from '@lapstrake/core'
import { drawShapes, inOrder, randomResizedCrop } from '@lapstrake/data'
import { endToEnd, spans } from '@lapstrake/isolation'
import { atInference, batchNorm, connector, convBlock, linear, stageOf, unpooled } from '@lapstrake/layers'
import { crossEntropy } from '@lapstrake/loss-cross-entropy'
import { ab, carrying, fitNet, fsp, ft } from '@lapstrake/loss-distillation'
import { adamW, sgd } from '@lapstrake/optimizers'
import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Experiment } from './experiment.ts'
import { run } from './run.ts'
import { describeRun } from './saved-run.ts'
import { train } from './train.ts'
import { useBackend } from './use-backend.ts'
import { weightsOf } from './weights-of.ts'

beforeAll(() => useBackend('wasm'))

const dataset = drawShapes({ count: 40, size: 12 })
const inputShape = [12, 12, 3]
const small = (): Backbone => convNet({ widths: [4, 6], strides: [2, 2], layers: 1 })
const teacher: Experiment = {
  name: 'teacher',
  batchSize: 10,
  epochs: 2,
  views: [randomResizedCrop({ size: 12 })],
  sampler: inOrder(),
  backbone: convNet({ widths: [8, 6], strides: [2, 2], layers: 1 }),
  isolation: endToEnd(),
  head: () => linear({ dim: dataset.classes.length }),
  loss: () => crossEntropy(),
  optimizer: adamW({ learningRate: 0.01 })
}
const task: Experiment = { ...teacher, name: 'task', epochs: 2, backbone: small() }

interface Followed {
  readonly losses: Readonly<Record<string, number>>[]
  readonly firsts: string[]
  readonly saved: Uint8Array
  readonly weights: Uint8Array
}

/** A run, what was trained before it, and what it left. */
async function follow(experiment: Experiment, resume?: Uint8Array): Promise<Followed> {
  const [losses, firsts]: [Record<string, number>[], string[]] = [[], []]
  let [saved, weights] = [new Uint8Array(), new Uint8Array()]
  for await (const event of run(experiment, { dataset, seed: 3, diagnoseEvery: 0, resume })) {
    if (event.kind === 'teacher' && event.metrics.step === event.metrics.steps) firsts.push(event.experiment.name)
    if (event.kind === 'step') {
      losses.push(event.metrics.losses)
      if (event.metrics.step === 3) saved = new Uint8Array(await event.save())
    }
    if (event.kind === 'end') weights = new Uint8Array(await weightsOf(event.state, experiment.name))
  }
  return { losses, firsts, saved, weights }
}

/** Activation boundaries first (Heo et al. 2019): each layer through a connector of its own. */
const boundary = (end: 1 | 2, filters: number): Unit => ({
  name: `boundary${end}`,
  start: 0,
  end,
  head: connector({ filters }),
  loss: weighted([[ab(), 2 ** (end - 2)]])
})
const ofTeacher = { backbone: teacher.backbone, trainedBy: teacher, reads: ({ end }: Unit) => end }
const boundaries: Experiment = {
  ...task,
  name: 'boundaries',
  isolation: spans([[0, 2]]),
  head: () => connector({ filters: 6 }),
  loss: () => ab(),
  auxiliary: [boundary(1, 8)],
  teacher: ofTeacher
}

/** The flow from the first layer to the second (Yim et al. 2017), which wants the same channels of both. */
const alike = convNet({ widths: [4, 6], strides: [2, 2], layers: 2 })
const flows: Experiment = {
  ...task,
  name: 'flows',
  backbone: carrying(small(), inputShape),
  head: () => unpooled(),
  loss: () => fsp({ bottom: 4 }),
  teacher: { backbone: carrying(alike, inputShape), trainedBy: { ...teacher, backbone: alike } }
}

/** A paraphraser learns the teacher's maps by heart, and a student its factors (Kim et al. 2018). */
const norm = batchNorm()
const paraphraser: Experiment = {
  ...teacher,
  name: 'paraphraser',
  begins: { trainedBy: teacher, stages: 2 },
  backbone: {
    name: 'teacher and paraphraser',
    stages: [
      ...teacher.backbone.stages.map(atInference),
      stageOf('factors', convBlock({ filters: 3, norm })),
      stageOf('back', convBlock({ filters: 6, norm, relu: false }))
    ]
  },
  isolation: spans([[2, 4]]),
  head: () => unpooled(),
  loss: () => fitNet(),
  teacher: { backbone: teacher.backbone, trainedBy: teacher }
}
const factors: Experiment = {
  ...task,
  name: 'factors',
  teacher: { backbone: paraphraser.backbone, trainedBy: paraphraser, reads: () => 3 },
  auxiliary: [
    {
      name: 'ft',
      start: 0,
      end: 2,
      head: stageOf('translator', convBlock({ filters: 3, norm })),
      loss: weighted([[ft(), 200]])
    }
  ]
}

describe('an experiment that begins with what another learned', () => {
  test.each<[string, Experiment, string[]]>([
    ['boundaries (AB)', { ...task, begins: { trainedBy: boundaries } }, ['teacher', 'boundaries']],
    ['flows (FSP)', { ...task, begins: { trainedBy: flows } }, ['teacher', 'flows']],
    // Its teacher and its beginning are one.
    ['the paraphraser of FT', paraphraser, ['teacher']],
    ['the factors of FT', factors, ['teacher', 'paraphraser']]
  ])('%s: is trained once, in its turn, and goes on bit for bit', async (_, experiment, firsts) => {
    const before = tf.memory().numTensors
    const whole = await follow(experiment)
    expect(whole.firsts).toEqual(firsts)
    const rest = await follow(experiment, whole.saved)
    expect(rest.firsts).toEqual([])
    expect(rest.losses).toEqual(whole.losses.slice(3))
    expect(rest.weights).toEqual(whole.weights)
    expect(tf.memory().numTensors).toBe(before)
  })

  test.each([
    ['boundaries', boundaries, 'unit0'],
    ['flows', flows, 'unit0'],
    ['the paraphraser', paraphraser, 'unit0'],
    ['factors', factors, 'ft']
  ])('%s are learned', async (_, experiment, unit) => {
    const { losses } = await follow({ ...experiment, epochs: 6 })
    expect(losses.at(-1)![unit]).toBeLessThan(0.9 * losses[0]![unit]!)
  })

  test('has its stages and statistics, and nothing else of it; those of a file are the same', async () => {
    const { weights } = await follow(boundaries)
    const still: Experiment = { ...task, epochs: 0 }
    const at = async (experiment: Experiment): Promise<{ stages: number[][]; head: number[][] }> => {
      const { state } = await train(experiment, { dataset, seed: 3 })
      const numbersOf = (tree: unknown): number[][] =>
        Object.values(tree as Record<string, unknown>).flatMap(part =>
          part instanceof tf.Tensor ? [[...part.dataSync()]] : typeof part === 'object' ? numbersOf(part) : []
        )
      const found = { stages: numbersOf(state.stages), head: numbersOf(state.units.unit0!.head) }
      dispose(state)
      return found
    }
    const before = tf.memory().numTensors
    const [drawn, trained, read] = [
      await at(still),
      await at({ ...still, begins: { trainedBy: boundaries } }),
      await at({ ...still, begins: { weights: async () => weights } })
    ]
    expect(trained.stages).not.toEqual(drawn.stages)
    expect(trained.head).toEqual(drawn.head)
    expect(read).toEqual(trained)
    const lowest = await at({ ...still, begins: { weights: async () => weights, stages: 1 } })
    const half = trained.stages.length / 2
    expect(lowest.stages).toEqual([...trained.stages.slice(0, half), ...drawn.stages.slice(half)])
    expect(tf.memory().numTensors).toBe(before)
  })

  test('the target network begins with it, too', async () => {
    const target = { momentum: () => 0.9 }
    const { state } = await train(
      { ...task, epochs: 0, target, begins: { trainedBy: { ...task, epochs: 1 } } },
      { dataset, seed: 3 }
    )
    const kernelOf = (stages: unknown): Float32Array =>
      (stages as { params: { kernel: tf.Tensor }[] }[])[0]!.params[0]!.kernel.dataSync() as Float32Array
    const { stages } = state.target as { readonly stages: unknown }
    expect(kernelOf(stages)).toEqual(kernelOf(state.stages))
    dispose(state)
  })

  test('and is left in the middle: nothing stays behind', async () => {
    const before = tf.memory().numTensors
    for await (const event of run({ ...task, begins: { trainedBy: boundaries } }, { dataset }))
      if (event.kind === 'teacher' && event.experiment.name === 'boundaries') break
    expect(tf.memory().numTensors).toBe(before)
  })

  // Of two that are trained first, the former has a teacher of its own: 8 steps of that, 8 of it, and 8 of the latter.
  test.each([1, 8, 11, 16, 19])('and is interrupted behind step %i of it: it goes on bit for bit', async step => {
    const again = { ...task, teacher: ofTeacher, begins: { trainedBy: boundaries } }
    const before = tf.memory().numTensors
    const whole = await follow(again)
    const stop = new AbortController()
    let [taken, saved, ended] = [0, new Uint8Array(), new Uint8Array()]
    for await (const event of run(again, { dataset, seed: 3, diagnoseEvery: 0, signal: stop.signal })) {
      if (event.kind === 'teacher' && ++taken === step) {
        saved = new Uint8Array(await event.save())
        stop.abort()
      }
      if (event.kind === 'step') throw new Error('expected none')
      if (event.kind === 'end') ended = new Uint8Array(await event.save())
    }
    expect(taken).toBe(step)
    expect(describeRun(saved)).toMatchObject({ name: 'task', seed: 3, step: 0 })
    for (const file of [saved, ended]) {
      const rest = await follow(again, file)
      expect(rest.losses).toEqual(whole.losses)
      expect(rest.weights).toEqual(whole.weights)
    }
    await expect(follow({ ...again, name: 'other' }, saved)).rejects.toThrow('name "task" then, "other" now')
    expect(tf.memory().numTensors).toBe(before)
  })

  test.each<[string, object, string]>([
    [
      'another network',
      { trainedBy: teacher },
      'begins: expected teacher to train the lowest 2 stages, whose variables'
    ],
    ['more stages than there are', { trainedBy: task, stages: 3 }, 'begins: expected stages from 1 to 2'],
    ['no source', {}, 'begins: expected the weights of one'],
    [
      'what diverges',
      { trainedBy: { ...task, epochs: 9, optimizer: sgd({ learningRate: 1e30 }) } },
      'what it begins with: train: expected finite'
    ],
    ['weights of another network', { weights: async () => (await follow(teacher)).weights }, 'begins: ']
  ])('refuses %s', async (_, begins, message) => {
    const before = tf.memory().numTensors
    const bad = { ...task, begins } as Experiment
    await expect(train(bad, { dataset })).rejects.toThrow(message)
    expect(tf.memory().numTensors).toBe(before)
  })
})
