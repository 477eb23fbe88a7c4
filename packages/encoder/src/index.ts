export type { Encoder, EncodingOptions } from './encoder.ts'
export { encoderOf, type NetworkEncoder, type NetworkEncodingOptions } from './encoder-of.ts'
export { loadEncoder, type LoadedEncoder } from './load-encoder.ts'
export { serialiseEncoder, type SerialiseEncoderOptions } from './serialise-encoder.ts'
