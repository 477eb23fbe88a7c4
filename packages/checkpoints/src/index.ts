export { decodeSafetensors, encodeSafetensors, type Dtype, type Safetensors, type StoredTensor } from './safetensors.ts'
export { deserialiseTensors, deserialiseTree, serialiseTree, type DeserialiseOptions } from './tree-file.ts'
