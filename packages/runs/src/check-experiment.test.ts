import { convNet } from '@lapstrake/backbone-resnet'
import { endToEnd } from '@lapstrake/isolation'
import { identity } from '@lapstrake/layers'
import { ntXent } from '@lapstrake/loss-info-nce'
import { sgd } from '@lapstrake/optimizers'
import { drawShapes, twoViews, randomResizedCrop } from '@lapstrake/data'
import { train } from './train.ts'
import type { Experiment } from './experiment.ts'
import { checkExperiment } from './check-experiment.ts'
import { expect, test } from 'vitest'

const experiment: Experiment = {
  name: 'checked',
  batchSize: 8,
  epochs: 1,
  views: twoViews(randomResizedCrop({ size: 12 })),
  backbone: convNet({ widths: [4], strides: [2], layers: 1 }),
  isolation: endToEnd(),
  head: () => identity(),
  loss: () => ntXent(),
  optimizer: sgd({ learningRate: 0.01 })
}

test('an experiment is one, whatever is undefined in it', () => {
  expect(() => checkExperiment({ ...experiment, data: undefined } as unknown as Experiment)).not.toThrow()
})

test.each<[object | undefined, RegExp]>([
  [
    { ...experiment, isolaton: endToEnd() },
    /^recipe: expected checked to have fields among name, .*isolation, .*, got isolaton\. Correct its spelling/
  ],
  [
    { ...experiment, head: undefined, views: undefined },
    /^recipe: expected an experiment, but it lacks head, views\.$/
  ],
  [undefined, /lacks name, backbone/]
])('refuses %j', async (wrong, message) => {
  expect(() => checkExperiment(wrong as Experiment)).toThrow(message)
  await expect(train(wrong as Experiment, drawShapes({ count: 8, size: 12 }))).rejects.toThrow(message)
})
