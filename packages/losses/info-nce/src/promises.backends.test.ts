import { symmetric } from '@lapstrake/core'
import { describeLoss } from '@lapstrake/testing'
import { describeOnBackends } from '@lapstrake/testing/node'
import { dcl, debiased, hardNegatives, infoNCE, moco, ntXent } from './index.ts'

await describeOnBackends(['cpu', 'wasm'], () => {
  describeLoss('ntXent', ntXent(), { reducing: reduction => ntXent({ reduction }) })
  describeLoss('ntXent of three views, cold', ntXent({ temperature: 0.1 }), {
    views: 3,
    reducing: reduction => ntXent({ temperature: 0.1, reduction })
  })
  describeLoss('ntXent in tiles', ntXent({ chunk: 5 }), { reducing: reduction => ntXent({ chunk: 5, reduction }) })
  describeLoss('infoNCE', infoNCE({ temperature: 0.3 }), {
    reducing: reduction => infoNCE({ temperature: 0.3, reduction })
  })
  describeLoss('dcl', dcl({ temperature: 0.5 }), { reducing: reduction => dcl({ temperature: 0.5, reduction }) })
  describeLoss('debiased', debiased(), { reducing: reduction => debiased({ reduction }) })
  describeLoss('hardNegatives', hardNegatives({ concentration: 2 }), {
    reducing: reduction => hardNegatives({ concentration: 2, reduction })
  })
  describeLoss('moco', moco({ size: 8 }), {
    targets: true,
    reducing: reduction => moco({ size: 8, reduction }),
    except: { 'every view': 'the second view asks only under symmetric()' }
  })
  describeLoss('moco in both directions', symmetric(moco({ size: 8, temperature: 0.2 })), {
    targets: true,
    except: { order: 'the keys of one direction are negatives of the other, the newest last' }
  })
})
