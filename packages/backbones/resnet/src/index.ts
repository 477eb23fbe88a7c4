export { convNet, type ConvNetOptions } from './conv-net.ts'
export { pResNet50, type PResNetOptions } from './p-res-net.ts'
export { resNet, type ResNetOptions } from './res-net.ts'
export { fromTorchvision, toTorchvision, type FromTorchvisionOptions } from './torchvision.ts'
