import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readScalars } from 'lapstrake/node'
import { lapstrake, root, tinyRecipe } from '../testing/lapstrake.ts'

let folder: string
let run: string
beforeAll(async () => {
  folder = await mkdtemp(join(root, 'node_modules/.lapstrake-board-'))
  run = join(folder, 'run')
  await writeFile(join(folder, 'tiny.ts'), tinyRecipe())
  const { stderr, status } = lapstrake(
    'train',
    join(folder, 'tiny.ts'),
    '--backend',
    'wasm',
    '--out',
    run,
    '--tensorboard'
  )
  expect(status, stderr).toBe(0)
})
afterAll(() => rm(folder, { recursive: true }))

test('a run with --tensorboard shows the curves of run.jsonl, and a map', async () => {
  const files = await readdir(join(run, 'tensorboard'))
  expect(files.filter(file => !file.startsWith('events.'))).toEqual([
    'metadata.tsv',
    'projector_config.pbtxt',
    'sprite.png',
    'tensors.tsv'
  ])
  const curves = readScalars(await readFile(join(run, 'tensorboard', files.find(file => file.startsWith('events.'))!)))
  const lines = (await readFile(join(run, 'run.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as { losses: { unit0: number } })
  expect(curves.filter(({ tag }) => tag === 'loss/unit0').map(({ value }) => value)).toEqual(
    lines.map(({ losses }) => Math.fround(losses.unit0))
  )
  expect(new Set(curves.map(({ tag }) => tag))).toEqual(
    new Set([
      'loss/unit0',
      'step/milliseconds',
      'step/waited for data',
      'step/peak megabytes',
      'gradientNorm/conv1',
      'gradientNorm/conv2',
      'updateRatio/conv1',
      'updateRatio/conv2',
      'neighbours/conv1',
      'neighbours/conv2',
      ...[
        'plateau',
        'positiveSimilarity',
        'negativeSimilarity',
        'alignment',
        'uniformity',
        'topOne',
        'deviation',
        'effectiveRank',
        'gradientNorm'
      ].map(what => `${what}/unit0`)
    ])
  )
  expect(
    (await readFile(join(run, 'tensorboard/tensors.tsv'), 'utf8'))
      .trim()
      .split('\n')
      .map(line => line.split('\t').length)
  ).toEqual(Array.from({ length: 64 }, () => 6))
})

const python = ['/usr/bin/python3', 'python3'].find(name => spawnSync(name, ['-c', 'import tensorboard']).status === 0)
test.skipIf(python === undefined)(
  'TensorBoard finds curves, weights and views in it (needs python3 with tensorboard)',
  () => {
    const { stdout } = spawnSync(
      python!,
      [
        '-c',
        `
import json
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
tags = EventAccumulator(${JSON.stringify(join(run, 'tensorboard'))}).Reload().Tags()
print(json.dumps([len(tags['scalars']), sorted(tags['histograms']), sorted(tags['images'])]))
`
      ],
      { encoding: 'utf8' }
    )
    const [scalars, histograms, images] = JSON.parse(stdout) as [number, string[], string[]]
    expect(scalars).toBe(19)
    expect(histograms).toContain('weights/conv1.0.kernel')
    expect(images).toEqual(
      Array.from({ length: 4 }, (_, i) => [1, 2].map(view => `views/example ${i}, view ${view}`)).flat()
    )
  }
)
