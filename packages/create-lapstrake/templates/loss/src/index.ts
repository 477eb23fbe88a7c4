export { myLoss, type MyLossOptions } from './my-loss.ts'
