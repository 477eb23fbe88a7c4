export { disjoint } from './disjoint.ts'
export { layerwise, type LayerwiseOptions } from './layerwise.ts'
export { sequential } from './sequential.ts'
export { simultaneous } from './simultaneous.ts'
