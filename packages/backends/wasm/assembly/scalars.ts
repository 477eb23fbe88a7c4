// Functions of one number at a time, each right to the last digits: for what is asked for too rarely to be written for
// vectors.

/**
 * A double as JavaScript stores it in a whole number: what lies behind the point is cut off, and no bits beyond 32 are
 * kept.
 */
@inline

export function toInt(x: f64): i32 {
  const whole = trunc(x)
  return <i32>(<i64>(whole - floor(whole / 4294967296) * 4294967296))
}

// The same order as in src/kernels/unary.ts.
export function scalarOf(op: i32, x: f32): f32 {
  switch (op) {
    case 25:
      return <f32>Math.sin(x)
    case 26:
      return <f32>Math.cos(x)
    case 27:
      return <f32>Math.tan(x)
    case 28:
      return Mathf.asin(x)
    case 29:
      return Mathf.acos(x)
    case 30:
      return Mathf.atan(x)
    case 31:
      return Mathf.sinh(x)
    case 32:
      return Mathf.cosh(x)
    case 33:
      return Mathf.asinh(x)
    case 34:
      return Mathf.acosh(x)
    default:
      return Mathf.atanh(x)
  }
}

// The same order as in src/kernels/binary.ts; floats and whole numbers are given by their bits, and so is the result.
export function scalarOfTwo(op: i32, aBits: i32, bBits: i32): i32 {
  const a = reinterpret<f32>(aBits),
    b = reinterpret<f32>(bBits)
  switch (op) {
    case 16:
      return bBits == 0 ? 0 : bBits == -1 ? -aBits : aBits / bBits - i32(aBits % bBits != 0 && (aBits ^ bBits) < 0)
    case 17:
      return bBits == 0 || bBits == -1 ? 0 : modulo<i32>(aBits, bBits)
    case 18:
      return reinterpret<i32>(Mathf.pow(a, b))
    case 19:
      return reinterpret<i32>(Mathf.atan2(a, b))
    case 20:
      return reinterpret<i32>(<f32>modulo<f64>(a, b))
    default:
      return toInt(floor(<f64>a / <f64>b))
  }
}

/** What is left of a division, with the sign of the divisor. */
@inline

function modulo<T>(a: T, b: T): T {
  const left = a % b
  return (a < 0 && b < 0) || (a >= 0 && b >= 0) ? left : (left + b) % b
}
