export { cacr, type CacrOptions } from './cacr.ts'
