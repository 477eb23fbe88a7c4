/** The kinds of numbers that the safetensors format has. */
export type Dtype =
  | 'BOOL'
  | 'U8'
  | 'I8'
  | 'U16'
  | 'I16'
  | 'U32'
  | 'I32'
  | 'U64'
  | 'I64'
  | 'F16'
  | 'BF16'
  | 'F32'
  | 'F64'
  | 'C64'
  | 'F8_E5M2'
  | 'F8_E4M3'
  | 'F8_E8M0'
  | 'F8_E4M3FNUZ'
  | 'F8_E5M2FNUZ'
  | 'F6_E2M3'
  | 'F6_E3M2'
  | 'F4'

/** Bits of one number. */
const bitsOf: Readonly<Record<Dtype, number>> = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  U16: 16,
  I16: 16,
  U32: 32,
  I32: 32,
  U64: 64,
  I64: 64,
  F16: 16,
  BF16: 16,
  F32: 32,
  F64: 64,
  C64: 64,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  F6_E2M3: 6,
  F6_E3M2: 6,
  F4: 4
}

export const dtypes: readonly string[] = Object.keys(bitsOf)

export const isDtype = (name: string): name is Dtype => Object.hasOwn(bitsOf, name)

/** Bytes that a tensor takes; nothing where its numbers are too many to count, or end within a byte. */
export function bytesOf(dtype: Dtype, shape: readonly number[]): number | undefined {
  let bits = bitsOf[dtype]
  for (const length of shape) {
    bits *= length
    if (!Number.isSafeInteger(bits)) return undefined
  }
  return bits % 8 === 0 ? bits / 8 : undefined
}

export const isShape = (shape: unknown): shape is readonly number[] =>
  Array.isArray(shape) && shape.every(length => Number.isSafeInteger(length) && length >= 0)
