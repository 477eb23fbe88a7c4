export { shuffleNet, type ShuffleNetOptions } from './shuffle-net.ts'
export { shuffleNetFromTorchvision } from './from-torchvision.ts'
