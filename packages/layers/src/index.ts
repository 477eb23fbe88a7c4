export {
  chain,
  convBlock,
  residual,
  residualBlock,
  type Block,
  type ConvBlockOptions,
  type ResidualBlockOptions,
  type ResidualOptions
} from './blocks.ts'
export { checkWhole, mostDeep, mostWide } from './check-channels.ts'
export {
  convDecoder,
  identity,
  linear,
  projector,
  type ConvDecoderOptions,
  type LinearOptions,
  type ProjectorOptions
} from './heads.ts'
export { interpolated } from './interpolated.ts'
export { maxPool } from './max-pool.ts'
export {
  batchNorm,
  groupNorm,
  normNames,
  normOf,
  type GroupNormOptions,
  type Norm,
  type NormName,
  type NormOptions
} from './norm.ts'
export { globalAveragePool } from './pool.ts'
export { stageOf } from './stage-of.ts'
