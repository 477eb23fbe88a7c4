import { describeLoss } from '@lapstrake/testing'
import { describeOnBackends } from '@lapstrake/testing/node'
import { cacr, cacrMomentum, cacrQueue } from './index.ts'

const constantWeights = { 'finite differences': 'no gradient passes through the weights' }

await describeOnBackends(['cpu', 'wasm'], () => {
  const four = { attraction: 0.5, repulsion: 2, positiveTemperature: 2, negativeTemperature: 0.9 }
  const alike = { positiveTemperature: 0, negativeTemperature: 0 }
  describeLoss('cacr', cacr(), { reducing: reduction => cacr({ reduction }) })
  describeLoss('cacr of four views', cacr(four), { views: 4, reducing: reduction => cacr({ ...four, reduction }) })
  describeLoss('cacr, rbf', cacr({ cost: 'rbf', rbfScale: 1, negativeTemperature: 2 }), { views: 3 })
  describeLoss('cacr, debiased', cacr({ classPrior: 0.1 }), {
    reducing: reduction => cacr({ classPrior: 0.1, reduction })
  })
  describeLoss('cacr, all weights alike', cacr({ ...alike, detachWeights: true }), { views: 3 })
  describeLoss('cacr, weights detached', cacr({ detachWeights: true }), { views: 3, except: constantWeights })
  describeLoss('cacr of rows as they are', cacr({ normalise: false }), {
    views: 3,
    reducing: reduction => cacr({ normalise: false, reduction })
  })
  describeLoss('cacrMomentum, rbf', cacrMomentum({ temperature: 0.5 }), {
    targets: true,
    reducing: reduction => cacrMomentum({ temperature: 0.5, reduction })
  })
  describeLoss('cacrMomentum of three views, rbf', cacrMomentum(), {
    targets: true,
    views: 3,
    reducing: reduction => cacrMomentum({ reduction }),
    except: constantWeights
  })
  describeLoss('cacrMomentum, euclidean', cacrMomentum({ cost: 'euclidean', reduction: 'sum' }), {
    targets: true,
    views: 3,
    except: constantWeights
  })
  describeLoss('cacrMomentum, euclidean, all weights alike', cacrMomentum({ cost: 'euclidean', temperature: 1e6 }), {
    targets: true,
    views: 3,
    reducing: reduction => cacrMomentum({ cost: 'euclidean', temperature: 1e6, reduction })
  })
  describeLoss('cacrQueue', cacrQueue({ size: 7 }), {
    targets: true,
    views: 3,
    reducing: reduction => cacrQueue({ size: 7, reduction }),
    except: constantWeights
  })
  describeLoss('cacrQueue, all weights alike', cacrQueue({ size: 7, ...alike }), {
    targets: true,
    views: 3,
    reducing: reduction => cacrQueue({ size: 7, ...alike, reduction })
  })
  describeLoss('cacrQueue, the queue alone', cacrQueue({ size: 7, withinBatch: false }), {
    targets: true,
    except: constantWeights
  })
  describeLoss('cacrQueue, the batch alone', cacrQueue({ size: 7, fill: 'empty' }), {
    targets: true,
    reducing: reduction => cacrQueue({ size: 7, fill: 'empty', reduction })
  })
})
