import {
  adamW,
  convNet,
  dataOf,
  encoderOf,
  holdOut,
  inMemory,
  networkOf,
  ntXent,
  overlapping,
  projector,
  randomResizedCrop,
  train,
  twoViews,
  type Experiment,
  type NetworkEncoder
} from 'lapstrake'

/**
 * Trains an encoder on grey images of 16 × 16.
 *
 * @param images values from 0 to 1, image after image, row after row
 * @param labels the name of the class of each, for `evaluate`: the loss does not look at them
 */
export async function encoderOfArrays(images: Float32Array, labels: readonly string[]): Promise<NetworkEncoder> {
  const dataset = inMemory({ name: 'spots', images, shape: [16, 16, 1], labels })
  const experiment: Experiment = {
    name: 'my-arrays',
    data: dataOf({ name: 'spots', ...holdOut(dataset) }), // a tenth of each class to test with
    batchSize: 16,
    epochs: 2,
    views: twoViews(randomResizedCrop({ size: 16, scale: [0.5, 1] })),
    backbone: convNet({ widths: [8, 16], strides: [2, 2], layers: 1 }),
    isolation: overlapping(),
    head: () => projector({ dims: [16] }),
    loss: () => ntXent(),
    optimizer: adamW({ learningRate: 2e-3 })
  }
  const { state } = await train(experiment)
  return encoderOf(networkOf(experiment.backbone, dataset.shape), state.stages)
}
