// Every loss, as a recipe would use it: what it compares and what else it reads. Options are the defaults where nothing
// is said.
import {
  ab,
  at,
  barlowTwins,
  byol,
  cacr,
  cacrMomentum,
  cacrQueue,
  cc,
  contrastiveLogistic,
  crd,
  crdInBatch,
  crdQueue,
  crossEntropy,
  dcl,
  debiased,
  fitNet,
  flowOfSolution,
  ft,
  hardNegatives,
  infoNCE,
  kd,
  moco,
  nst,
  ntXent,
  pkt,
  rkd,
  simSiam,
  sp,
  supCon,
  vicReg,
  vid,
  type LocalLoss,
  type Loss
} from 'lapstrake'
import type { Extra, Kind } from './problem.ts'

export interface Contender {
  readonly name: string
  readonly loss: LocalLoss
  readonly kind: Kind
  readonly reads: readonly Extra[]
  /** Where the loss cannot be run at every size. */
  readonly limit?: { readonly batch: number; readonly because: string } | undefined
}

const contender = (name: string, loss: LocalLoss, reads: readonly Extra[] = [], kind: Kind = 'rows'): Contender => ({
  name,
  loss,
  kind,
  reads
})

/** Two views stand for two layers of one network. */
const flow: Loss = (students, { teacher }) => flowOfSolution(students, teacher!)

export const contenders: readonly Contender[] = [
  contender('ntXent', ntXent()),
  contender('infoNCE', infoNCE()),
  contender('moco', moco(), ['targets']),
  contender('dcl', dcl()),
  contender('debiased', debiased()),
  contender('hardNegatives', hardNegatives()),
  contender('supCon', supCon(), ['labels']),
  contender('supCon in', supCon({ form: 'in' }), ['labels']),
  contender('supCon pairs', supCon({ form: 'pairs' }), ['labels']),
  contender('cacr', cacr()),
  contender('cacrMomentum', cacrMomentum(), ['targets']),
  contender('cacrQueue', cacrQueue(), ['targets']),
  contender('contrastiveLogistic', contrastiveLogistic()),
  contender('barlowTwins', barlowTwins()),
  contender('vicReg', vicReg()),
  contender('simSiam', simSiam()),
  contender('byol', byol(), ['targets']),
  contender('crossEntropy', crossEntropy(), ['labels'], 'logits'),
  contender('kd', kd(), ['teacher'], 'logits'),
  contender('fitNet', fitNet(), ['teacher']),
  contender('sp', sp(), ['teacher']),
  contender('cc', cc(), ['teacher']),
  { ...contender('rkd', rkd(), ['teacher']), limit: { batch: 256, because: 'compares all triples of the batch' } },
  contender('pkt', pkt(), ['teacher']),
  contender('at', at(), ['teacher'], 'maps'),
  contender('vid', vid(), ['teacher'], 'maps'),
  contender('ab', ab(), ['teacher'], 'maps'),
  contender('ft', ft(), ['teacher'], 'maps'),
  contender('nst', nst(), ['teacher'], 'maps'),
  contender('fsp', flow, ['teacher'], 'maps'),
  contender('crd', crd({ negatives: 256 }), ['teacher', 'indices']),
  contender('crdInBatch', crdInBatch(), ['teacher']),
  contender('crdQueue', crdQueue(), ['teacher'])
]
