export type { Alike } from './alike.ts'
export { supCon, supConLoss, type SupConOptions } from './sup-con.ts'
export { supConQueue, type KeysAndClasses, type SupConQueueOptions } from './sup-con-queue.ts'
