export { distillation, type DistillationOptions } from './distillation.ts'
