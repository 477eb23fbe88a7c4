export { affine, affineOfTwo, binary, cast, fill, select, unary } from './elementwise'
export { copy, gather, transpose } from './movement'
export { multiply, multiplyTransposed, packPanels } from './products'
export { reduceColumns, reduceRows, softmax, squaredDeviations, sumsOfProducts } from './reductions'
