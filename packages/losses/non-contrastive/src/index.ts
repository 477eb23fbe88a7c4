export { nonContrastive, type NonContrastiveOptions } from './non-contrastive.ts'
