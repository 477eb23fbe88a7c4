export { crossEntropy, type CrossEntropyOptions } from './cross-entropy.ts'
