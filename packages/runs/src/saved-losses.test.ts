import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, expect, test } from 'vitest'
import { deserialiseTree, serialiseTree } from '@lapstrake/checkpoints'
import { byol, simSiam } from '@lapstrake/loss-non-contrastive'
import { cacrQueue } from '@lapstrake/loss-cacr'
import { convNet } from '@lapstrake/backbone-resnet'
import { crd, crdInBatch, crdQueue, vid } from '@lapstrake/loss-distillation'
import {
  createTrainer,
  dispose,
  scheduled,
  seeded,
  symmetric,
  weighted,
  type Batch,
  type LocalLoss,
  type Owned,
  type Recipe,
  type State
} from '@lapstrake/core'
import { endToEnd } from '@lapstrake/isolation'
import { klObjective, stochastic } from '@lapstrake/loss-pac-bayes'
import { moco, ntXent } from '@lapstrake/loss-info-nce'
import { supConQueue } from '@lapstrake/loss-supcon'
import { projector } from '@lapstrake/layers'
import { sgd } from '@lapstrake/optimizers'
import { useBackend } from './use-backend.ts'

const backbone = convNet({ widths: [4], strides: [2], layers: 1 })
const teacher = { stages: [backbone.stages[0]!.init(seeded(9), [6, 6, 3])] }
const recipe = (loss: LocalLoss, change: Partial<Recipe> = {}): Recipe => ({
  backbone,
  isolation: endToEnd(),
  head: () => projector({ dims: [5] }),
  loss: () => loss,
  optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
  target: { momentum: () => 0.9 },
  teacher: { backbone },
  ...change
})
const batch = (step: number): Batch => ({
  views: [0, 1].map(v => seeded(step).split(v).normal([4, 6, 6, 3])) as unknown as Batch['views'],
  indices: tf.tensor1d([...seeded(step).permutation(12).slice(0, 4)], 'int32'),
  labels: tf.tensor1d(
    [0, 1, 2, 3].map(i => (i * step) % 3),
    'int32'
  )
})

beforeAll(() => useBackend('cpu'))

test.each<[string, Recipe]>([
  ['moco, whose queue wraps', recipe(moco({ size: 7 }))],
  ['supConQueue, whose queues wrap', recipe(supConQueue({ size: 7 }))],
  ['symmetric moco', recipe(symmetric(moco({ size: 7, fill: 'empty' })))],
  ['cacrQueue', recipe(cacrQueue({ size: 7 }))],
  ['crd: banks, normalisers and draws', recipe(crd({ negatives: 5, dim: 6 }))],
  ['crdQueue', recipe(crdQueue({ size: 7, dim: 6 }))],
  ['crdInBatch', recipe(crdInBatch({ dim: 6 }))],
  ['vid', recipe(vid())],
  ['simSiam', recipe(simSiam())],
  ['byol', recipe(byol())],
  [
    'a schedule and a sum',
    recipe(
      weighted([
        [scheduled(ntXent(), step => step / 3), 1],
        [moco({ size: 5 }), 0.5]
      ])
    )
  ],
  [
    'stochastic stages',
    recipe(ntXent(), {
      backbone: {
        name: 's',
        stages: backbone.stages.map(stage => stochastic(stage, { objective: klObjective({ inverseTemperature: 50 }) }))
      }
    })
  ]
])('a run saved in the middle and restored goes on bit for bit: %s', async (_, what) => {
  const trainer = createTrainer(what, { inputShape: [6, 6, 3], teacher, examples: 12 })
  const follow = (from: Owned<State>, steps: readonly number[]): { state: Owned<State>; losses: number[] } => {
    let state = from
    const losses = steps.map(step => {
      const result = trainer.step(state, batch(step))
      state = result.state
      const total = Object.values(result.losses).map(loss => loss.dataSync()[0]!)
      dispose(result.losses)
      return total
    })
    return { state, losses: losses.flat() }
  }
  const { state } = follow(trainer.init(seeded(1)), [0, 1, 2])
  const file = await serialiseTree(state)
  const like = trainer.init(seeded(2))
  const restored = deserialiseTree(file, like) as unknown as Owned<State>
  dispose(like)
  const [whole, resumed] = [follow(state, [3, 4, 5]), follow(restored, [3, 4, 5])]
  expect(resumed.losses).toEqual(whole.losses)
  expect(await serialiseTree(resumed.state)).toEqual(await serialiseTree(whole.state))
  dispose(whole.state)
  dispose(resumed.state)
})
