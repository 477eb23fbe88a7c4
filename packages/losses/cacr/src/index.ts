export { cacr, cacrLoss, type CACROptions } from './cacr.ts'
export { cacrAgainst, cacrMomentum, type CACRMomentumOptions } from './cacr-momentum.ts'
export { cacrQueue, type CACRQueueOptions } from './cacr-queue.ts'
