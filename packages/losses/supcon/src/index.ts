export { supcon, type SupconOptions } from './supcon.ts'
