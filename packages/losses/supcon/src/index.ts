export { supCon, supConLoss, type Alike, type SupConOptions } from './sup-con.ts'
