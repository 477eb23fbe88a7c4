import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventFile, histogram, image, scalar, writeProjector } from './index.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-board-'))
})
afterAll(() => rm(folder, { recursive: true }))

const data = Float32Array.from([0, 1, 0, 1, 0, 0, 0, 0, 1, 0.5, 0.5, 0.5])
const checked = { data, width: 2, height: 2, channels: 3 }
const name = 'a "name" of é,\tn\\o more: 0'

const python = ['/usr/bin/python3', 'python3'].find(name => spawnSync(name, ['-c', 'import tensorboard']).status === 0)
test.skipIf(python === undefined)('TensorBoard reads all of it (needs python3 with tensorboard)', async () => {
  const events = await eventFile(folder)
  for (const step of [0, 1, 2, 3]) await events.write(step, [scalar('loss/unit0', 1 / (step + 1)), scalar('zero', 0)])
  await events.write(3, [
    histogram('weights', [0, 0, 1, 4, NaN], { bars: 4 }),
    histogram('zeros', [0, 0, 0]),
    histogram('nothing', [NaN]),
    image('views/0', checked)
  ])
  const resumed = join(folder, 'resumed')
  await (await eventFile(resumed)).write(1, [scalar('loss', 1)])
  await (await eventFile(resumed)).write(2, [scalar('loss', 99)])
  await (await eventFile(resumed, { after: 1 })).write(2, [scalar('loss', 2)])
  const projector = join(folder, 'projector')
  await writeProjector(projector, {
    name,
    vectors: [
      [1, 0.5],
      [0, -2]
    ],
    labels: ['', 'b'],
    images: [checked, checked]
  })
  const { stdout, stderr } = spawnSync(
    python!,
    [
      '-c',
      `
import json, sys
from google.protobuf import text_format
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig
from tensorboard.plugins.projector.projector_plugin import _read_tensor_tsv_file
from tensorboard.util.tensor_util import make_ndarray
folder, events, resumed, projector = sys.argv[1:]
board = EventAccumulator(folder).Reload()
histogram = board.Histograms('weights')[0].histogram_value
image = board.Images('views/0')[0]
values = [value for event in EventFileLoader(events).Load() for value in event.summary.value]
shown = {value.tag: make_ndarray(value.tensor).tolist() for value in values if value.tag in ['zeros', 'nothing']}
config = ProjectorConfig()
text_format.Parse(open(projector + '/projector_config.pbtxt', encoding='utf8').read(), config)
embeddings = config.embeddings[0]
print(json.dumps({
  'scalars': [[e.step, round(e.value, 4)] for e in board.Scalars('loss/unit0')],
  'zeros': [e.value for e in board.Scalars('zero')],
  'histogram': [histogram.min, histogram.max, histogram.num, histogram.sum, histogram.sum_squares],
  'bars': [list(histogram.bucket_limit), list(histogram.bucket)],
  'shown': shown,
  'image': [image.step, image.width, image.height, image.encoded_image_string[1:4].decode()],
  'resumed': [[e.step, e.value] for e in EventAccumulator(resumed).Reload().Scalars('loss')],
  'projector': [embeddings.tensor_name, embeddings.tensor_path, embeddings.metadata_path],
  'sprite': list(embeddings.sprite.single_image_dim),
  'tensors': _read_tensor_tsv_file(projector + '/tensors.tsv').tolist()
}))
`,
      folder,
      events.path,
      resumed,
      projector
    ],
    { encoding: 'utf8' }
  )
  expect(stderr.split('\n').filter(line => /error/i.test(line))).toEqual([])
  expect(JSON.parse(stdout)).toEqual({
    scalars: [
      [0, 1],
      [1, 0.5],
      [2, 0.3333],
      [3, 0.25]
    ],
    zeros: [0, 0, 0, 0],
    histogram: [0, 4, 4, 5, 17],
    bars: [
      [1, 2, 3, 4],
      [2, 1, 0, 1]
    ],
    shown: { zeros: [[Math.fround(-1e-12), Math.fround(1e-12), 3]], nothing: [] },
    image: [3, 2, 2, 'PNG'],
    resumed: [
      [1, 1],
      [2, 2]
    ],
    projector: [name.replace('\t', ' '), 'tensors.tsv', 'metadata.tsv'],
    sprite: [2, 2],
    tensors: [
      [1, 0.5],
      [0, -2]
    ]
  })
})
