import { describeLoss } from '@lapstrake/testing'
import { describeOnBackends } from '@lapstrake/testing/node'
import { contrastiveHinge, contrastiveLogistic } from './index.ts'

const neighbours = { order: 'negatives are the examples that follow' }

await describeOnBackends(['cpu', 'wasm'], () => {
  describeLoss('contrastiveLogistic', contrastiveLogistic({ negatives: 2 }), {
    reducing: reduction => contrastiveLogistic({ negatives: 2, reduction }),
    except: neighbours
  })
  describeLoss('contrastiveLogistic against all others', contrastiveLogistic({ negatives: 5 }), {
    reducing: reduction => contrastiveLogistic({ negatives: 5, reduction })
  })
  const tuples = { negatives: 2, anchors: 'tuples', normalise: true } as const
  describeLoss('contrastiveLogistic of tuples', contrastiveLogistic(tuples), {
    reducing: reduction => contrastiveLogistic({ ...tuples, reduction }),
    except: neighbours
  })
  describeLoss('contrastiveLogistic of blocks', contrastiveLogistic(), { views: 4, except: neighbours })
  describeLoss('contrastiveHinge', contrastiveHinge({ negatives: 2 }), {
    reducing: reduction => contrastiveHinge({ negatives: 2, reduction }),
    except: { ...neighbours, 'finite differences': 'it has corners where margins are equal' }
  })
})
