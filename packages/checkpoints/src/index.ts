export { decodeSafetensors, encodeSafetensors, type Dtype, type Safetensors, type StoredTensor } from './safetensors.ts'
export { deserialiseTree, serialiseTree } from './tree-file.ts'
