export { convNet, type ConvNetOptions } from './conv-net.ts'
export {
  convDecoder,
  identity,
  linear,
  projector,
  type DecoderOptions,
  type LinearOptions,
  type ProjectorOptions
} from './heads.ts'
export { batchNorm, groupNorm, type GroupNormOptions, type Norm, type NormName, type NormOptions } from './norm.ts'
export { pResNet50, type PResNetOptions } from './p-res-net.ts'
export { globalAveragePool } from './pool.ts'
export { resNet, type ResNetOptions } from './res-net.ts'
export { fromTorchvision, toTorchvision, type FromTorchvisionOptions } from './torchvision.ts'
