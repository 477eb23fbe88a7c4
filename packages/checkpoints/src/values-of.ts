import type { StoredTensor } from './encode-safetensors.ts'

/** Numbers as TensorFlow.js holds them. */
export interface Values {
  readonly type: 'float32' | 'int32' | 'bool'
  readonly values: Float32Array | Int32Array | Uint8Array
}

/** The numbers of a stored tensor as TensorFlow.js holds them, or what it holds that TensorFlow.js cannot. */
export function valuesOf({ dtype, bytes }: StoredTensor): Values | string {
  // A copy with a buffer of its own; `slice` would not do, for Node's Buffer shares memory there.
  const { buffer } = new Uint8Array(bytes)
  switch (dtype) {
    case 'BOOL':
      return { type: 'bool', values: new Uint8Array(buffer).map(byte => (byte === 0 ? 0 : 1)) }
    case 'U8':
      return whole(new Uint8Array(buffer))
    case 'I8':
      return whole(new Int8Array(buffer))
    case 'U16':
      return whole(new Uint16Array(buffer))
    case 'I16':
      return whole(new Int16Array(buffer))
    case 'U32':
      return whole(new Uint32Array(buffer))
    case 'I32':
      return { type: 'int32', values: new Int32Array(buffer) }
    case 'U64':
      return whole(new BigUint64Array(buffer))
    case 'I64':
      return whole(new BigInt64Array(buffer))
    case 'F16':
      return floats(new Uint16Array(buffer), half)
    case 'BF16':
      return { type: 'float32', values: brains(new Uint16Array(buffer)) }
    case 'F32':
      return { type: 'float32', values: new Float32Array(buffer) }
    case 'F64':
      return rounded(new Float64Array(buffer))
    // The upper half of a float16.
    case 'F8_E5M2':
      return floats(new Uint8Array(buffer), bits => half(bits << 8))
    case 'F8_E4M3':
      return floats(new Uint8Array(buffer), bits => ((bits & 127) === 127 ? NaN : float(bits, 4, 3, 7)))
    case 'F8_E4M3FNUZ':
      return floats(new Uint8Array(buffer), bits => (bits === 128 ? NaN : float(bits, 4, 3, 8)))
    case 'F8_E5M2FNUZ':
      return floats(new Uint8Array(buffer), bits => (bits === 128 ? NaN : float(bits, 5, 2, 16)))
    case 'F8_E8M0':
      return floats(new Uint8Array(buffer), bits => (bits === 255 ? NaN : 2 ** (bits - 127)))
    default:
      return `numbers of type ${dtype}`
  }
}

/** Whole numbers as int32, which must hold each. */
function whole(numbers: ArrayLike<number | bigint>): Values | string {
  const values = new Int32Array(numbers.length)
  for (let i = 0; i < values.length; i++) {
    const number = Number(numbers[i])
    if ((number | 0) !== number) return `the number ${numbers[i]}`
    values[i] = number
  }
  return { type: 'int32', values }
}

/** The nearest float32 of each, which must not be infinite where the number is not. */
function rounded(numbers: Float64Array): Values | string {
  const values = new Float32Array(numbers)
  const tooLarge = values.findIndex((value, i) => !Number.isFinite(value) && Number.isFinite(numbers[i]))
  return tooLarge < 0 ? { type: 'float32', values } : `the number ${numbers[tooLarge]}`
}

function floats(codes: Uint8Array | Uint16Array, numberOf: (bits: number) => number): Values {
  const values = new Float32Array(codes.length)
  for (let i = 0; i < values.length; i++) values[i] = numberOf(codes[i]!)
  return { type: 'float32', values }
}

/** Floats of which only the upper half is kept. */
function brains(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length)
  for (let i = 0; i < bits.length; i++) bits[i] = halves[i]! << 16
  return new Float32Array(bits.buffer)
}

/** A float16 (IEEE 754). */
const half = (bits: number): number =>
  ((bits >> 10) & 31) < 31 ? float(bits, 5, 10, 15) : bits & 1023 ? NaN : bits >> 15 ? -Infinity : Infinity

/** A finite float: a bit for the sign, some for the exponent, then the fraction. */
function float(bits: number, exponentBits: number, fractionBits: number, bias: number): number {
  const sign = bits >> (exponentBits + fractionBits) ? -1 : 1
  const exponent = (bits >> fractionBits) & (2 ** exponentBits - 1)
  const fraction = (bits & (2 ** fractionBits - 1)) / 2 ** fractionBits
  return sign * (exponent ? 2 ** (exponent - bias) * (1 + fraction) : 2 ** (1 - bias) * fraction)
}
