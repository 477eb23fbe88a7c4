import { describeLoss } from '@lapstrake/testing'
import { describeOnBackends } from '@lapstrake/testing/node'
import { ab, at, cc, crd, crdInBatch, crdQueue, fitNet, fsp, ft, kd, nst, pkt, rkd, sp, vid } from './index.ts'

const maps = { shape: [4, 4, 3], teacher: [2, 2, 5], batch: 4 }

await describeOnBackends(['cpu', 'wasm'], () => {
  describeLoss('kd', kd(), { teacher: [5], reducing: reduction => kd({ reduction }) })
  describeLoss('fitNet', fitNet(), { teacher: [5], reducing: reduction => fitNet({ reduction }) })
  describeLoss('at', at(), { ...maps, reducing: reduction => at({ reduction }) })
  describeLoss('at with signs', at({ power: 3 }), { ...maps, reducing: reduction => at({ power: 3, reduction }) })
  describeLoss('sp', sp(), maps)
  describeLoss('cc', cc(), {
    teacher: [5],
    except: {
      order: 'it compares neighbours in the batch',
      'finite differences': 'it has corners where student and teacher agree'
    }
  })
  describeLoss('vid on maps', vid(), { ...maps, tolerance: 0.1, reducing: reduction => vid({ reduction }) })
  describeLoss('vid on rows', vid(), { teacher: [7], tolerance: 0.1, reducing: reduction => vid({ reduction }) })
  describeLoss('rkd', rkd(), { teacher: [7] })
  describeLoss('pkt', pkt(), { teacher: [7], reducing: reduction => pkt({ reduction }) })
  describeLoss('ab', ab(), {
    shape: [3, 3, 4],
    teacher: [3, 3, 4],
    reducing: reduction => ab({ reduction }),
    except: { 'finite differences': 'it has corners where activations cross the margin' }
  })
  describeLoss('ft', ft({ difference: 2 }), { ...maps, reducing: reduction => ft({ difference: 2, reduction }) })
  describeLoss('fsp', fsp({ bottom: 2 }), {
    ...maps,
    teacher: [2, 2, 3],
    reducing: reduction => fsp({ bottom: 2, reduction })
  })
  describeLoss('nst', nst(), { ...maps, reducing: reduction => nst({ reduction }) })
  describeLoss('nst of more channels than places', nst(), {
    shape: [2, 2, 5],
    teacher: [2, 2, 6],
    batch: 4,
    reducing: reduction => nst({ reduction })
  })

  const draws = {
    order: "draws are those of a row's place",
    'finite differences': 'the first call sets the normalisers, which are constants to the gradient; see crd.test.ts'
  }
  const banks = { examples: 10, negatives: 5, dim: 4 }
  const relaxed = {
    ...{ examples: 6, negatives: 5, dim: 4, labels: [0, 1, 2, 0, 1, 2], temperature: 0.2 },
    positive: 'relaxed'
  } as const
  describeLoss('crd', crd(banks), {
    teacher: [7],
    reducing: reduction => crd({ ...banks, reduction }),
    except: draws
  })
  describeLoss('crd with labels, relaxed', crd(relaxed), { teacher: [7], except: draws })
  describeLoss('crdInBatch', crdInBatch({ dim: 4 }), {
    teacher: [7],
    reducing: reduction => crdInBatch({ dim: 4, reduction })
  })
  describeLoss('crdInBatch on maps', crdInBatch({ dim: 4 }), { shape: [2, 3, 4], teacher: [2, 2, 5] })
  describeLoss('crdQueue', crdQueue({ dim: 4, size: 7 }), {
    teacher: [7],
    reducing: reduction => crdQueue({ dim: 4, size: 7, reduction })
  })
})
