import { describeLoss } from '@lapstrake/testing'
import { describeOnBackends } from '@lapstrake/testing/node'
import { byol, simSiam } from './index.ts'

await describeOnBackends(['cpu', 'wasm'], () => {
  describeLoss('simSiam', simSiam(), {
    reducing: reduction => simSiam({ reduction }),
    except: { 'finite differences': 'the other view is a constant to the gradient; see predictor.test.ts' }
  })
  describeLoss('byol', byol(), { targets: true, tolerance: 0.1, reducing: reduction => byol({ reduction }) })
})
