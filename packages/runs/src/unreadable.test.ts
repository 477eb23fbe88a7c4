import { cpSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openImageFolder } from '@lapstrake/data/node'
import { convNet } from '@lapstrake/backbone-resnet'
import { dispose } from '@lapstrake/core'
import { greedy } from '@lapstrake/isolation'
import { ntXent } from '@lapstrake/loss-info-nce'
import { projector } from '@lapstrake/layers'
import { randomResizedCrop, twoViews } from '@lapstrake/data'
import { sgd } from '@lapstrake/optimizers'
import { train } from './train.ts'
import { useBackend } from './use-backend.ts'
import { weightsOf } from './weights-of.ts'
import type { Experiment } from './experiment.ts'
import type { TrainOptions } from './train-options.ts'
import sharp from 'sharp'

let folder: string
beforeAll(async () => {
  await useBackend('wasm', { threads: 1 })
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-unreadable-'))
  mkdirSync(join(folder, 'photos/a'), { recursive: true })
  const one = join(folder, 'one.png')
  await sharp({ create: { width: 8, height: 8, channels: 3, background: '#3366cc' } })
    .png()
    .toFile(one)
  for (let i = 0; i < 200; i++) cpSync(one, join(folder, `photos/a/${String(i).padStart(3, '0')}.png`))
  // Looked at by no fingerprint, which sees 64 of 200.
  for (const bad of ['101', '151']) writeFileSync(join(folder, `photos/a/${bad}.png`), 'no image')
})
afterAll(() => rm(folder, { recursive: true }))

const experiment: Experiment = {
  name: 'photos',
  batchSize: 20,
  epochs: 2,
  views: twoViews(randomResizedCrop({ size: 8 })),
  backbone: convNet({ widths: [4], strides: [4], layers: 1 }),
  isolation: greedy(),
  head: () => projector({ dims: [4] }),
  loss: () => ntXent(),
  optimizer: sgd({ learningRate: 0.1 })
}

async function follow(
  options: TrainOptions = {}
): Promise<{ losses: object[]; saved: Uint8Array[]; warnings: string[]; replaced: number; weights: Uint8Array }> {
  const [losses, saved, warnings]: [object[], Uint8Array[], string[]] = [[], [], []]
  let replaced = 0
  const { state } = await train(experiment, {
    dataset: await openImageFolder(join(folder, 'photos'), { size: 8 }),
    ...options,
    onWarning: warning => warnings.push(warning),
    async onStep(metrics, { save }) {
      losses.push(metrics.losses)
      replaced += metrics.replaced ?? 0
      saved.push(await save())
    }
  })
  const weights = await weightsOf(state, 'photos')
  dispose(state)
  return { losses, saved, warnings, replaced, weights }
}

test('images that cannot be read are replaced, said and counted, and a resumed run has the same bits', async () => {
  const whole = await follow()
  expect(whole.losses).toHaveLength(20)
  expect(whole.warnings.filter(warning => warning.includes('cannot be read'))).toHaveLength(2)
  expect(whole.warnings.join()).toContain(join(folder, 'photos/a/101.png'))
  expect(whole.replaced).toBeGreaterThanOrEqual(2)
  for (const step of [1, 7, 13, 19]) {
    const rest = await follow({ resume: whole.saved[step - 1]! })
    expect(rest.losses).toEqual(whole.losses.slice(step))
    expect(rest.weights).toEqual(whole.weights)
  }
})

test('what was removed, as advised, is other data: a run goes on with it by force, and says so', async () => {
  const {
    saved: [first]
  } = await follow()
  const gone = [join(folder, 'photos/a/101.png'), join(folder, 'photos/a/151.png')]
  gone.forEach(path => renameSync(path, `${path}.away`))
  try {
    await expect(follow({ resume: first! })).rejects.toThrow('got others: 200 examples of ')
    const { losses, warnings } = await follow({ resume: first!, force: true })
    expect(losses).toHaveLength(2 * 9 - 1)
    expect(warnings.join()).toContain('198 of ')
  } finally {
    gone.forEach(path => renameSync(`${path}.away`, path))
  }
})

test('above one in a hundred the run ends and says so', async () => {
  writeFileSync(join(folder, 'photos/a/051.png'), 'no image')
  await expect(follow()).rejects.toThrow('loader: expected at most one in a hundred of the 200 examples of ')
})
