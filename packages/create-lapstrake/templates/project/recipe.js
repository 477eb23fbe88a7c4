// @ts-check
import { adamW, convNet, ntXent, overlapping, projector, simclr, twoViews } from 'lapstrake'
import { drawings } from './data.js'

/** @type {import('lapstrake').Experiment} */
const recipe = {
  name: 'my-project',
  data: drawings, // what it learns from
  batchSize: 50,
  epochs: 10,
  views: twoViews(simclr({ size: 24, preset: 'cifar', leastArea: 0.5 })),
  backbone: convNet({ widths: [16, 32, 64], strides: [1, 2, 2], layers: 1 }), // what runs
  isolation: overlapping(), // where gradients stop
  head: () => projector({ dims: [64, 32] }),
  loss: () => ntXent({ temperature: 0.2 }), // what each unit learns
  optimizer: adamW({ learningRate: 3e-3 }) // how parameters move
}

export default recipe
