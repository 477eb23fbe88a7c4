export type { Alike } from './alike.ts'
export { supCon, supConLoss, type SupConOptions } from './sup-con.ts'
