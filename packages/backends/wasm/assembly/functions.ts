// Functions of four numbers at a time. Polynomials as in Cephes (Moshier), within two units in the last place.
import { madd, zero } from './common'

/** Added to this, 1.5 · 2²³, a number rounds to a whole one, which then stands in the last bits. */
const rounder: f32 = 12582912

/**
 * `e` to what is left of `x` when the powers of two, `shifted` less the rounder, are taken out; less one, which keeps
 * the digits of small results.
 */
@inline

function expOfRestLessOne(x: v128, shifted: v128): v128 {
  const n = f32x4.sub(shifted, f32x4.splat(rounder))
  let r = madd(n, f32x4.splat(-0.693359375), x)
  r = madd(n, f32x4.splat(2.1219444e-4), r)
  let p = f32x4.splat(1.98756915e-4)
  p = madd(p, r, f32x4.splat(1.3981999507e-3))
  p = madd(p, r, f32x4.splat(8.3334519073e-3))
  p = madd(p, r, f32x4.splat(4.1665795894e-2))
  p = madd(p, r, f32x4.splat(1.6666665459e-1))
  p = madd(p, r, f32x4.splat(5.0000001201e-1))
  return madd(p, f32x4.mul(r, r), r)
}

@inline

function expOfRest(x: v128, shifted: v128): v128 {
  return f32x4.add(expOfRestLessOne(x, shifted), f32x4.splat(1))
}

@inline

export function exp4(given: v128): v128 {
  // Beyond these ends the result is 0 or infinite; in this order min and max let NaN through.
  const x = f32x4.pmax(f32x4.pmin(given, f32x4.splat(89)), f32x4.splat(-104))
  const shifted = madd(x, f32x4.splat(1.44269504088896341), f32x4.splat(rounder))
  // 2ⁿ in two factors, for n may be beyond what one exponent holds.
  const whole = i32x4.sub(shifted, i32x4.splat(0x4b400000))
  const half = i32x4.shr_s(whole, 1)
  const first = i32x4.shl(i32x4.add(half, i32x4.splat(127)), 23)
  const second = i32x4.shl(i32x4.add(i32x4.sub(whole, half), i32x4.splat(127)), 23)
  return f32x4.mul(f32x4.mul(expOfRest(x, shifted), first), second)
}

/** The same for numbers of 0 or less, whose results below the smallest normal number are 0. */
@inline

export function expBelow4(given: v128): v128 {
  const x = f32x4.pmax(given, f32x4.splat(-87.3))
  const shifted = madd(x, f32x4.splat(1.44269504088896341), f32x4.splat(rounder))
  // One and 2ⁿ have exponents that add up.
  const power = i32x4.add(expOfRest(x, shifted), i32x4.shl(shifted, 23))
  return v128.andnot(power, f32x4.lt(given, f32x4.splat(-87.3)))
}

/** `exp(x) − 1` of numbers up to 30. */
@inline

export function expLessOneBelow4(given: v128): v128 {
  const x = f32x4.pmax(given, f32x4.splat(-30)) // −1 from here on
  const shifted = madd(x, f32x4.splat(1.44269504088896341), f32x4.splat(rounder))
  const power = i32x4.shl(i32x4.sub(shifted, i32x4.splat(0x4b400000 - 127)), 23)
  return madd(expOfRestLessOne(x, shifted), power, f32x4.sub(power, f32x4.splat(1)))
}

/** `exp(x) − 1`: of large numbers the one is lost, and of zeros the sign would be. */
@inline

export function expLessOne4(x: v128): v128 {
  const known = v128.bitselect(x, exp4(x), f32x4.eq(x, zero()))
  return v128.bitselect(known, expLessOneBelow4(x), v128.or(f32x4.gt(x, f32x4.splat(30)), f32x4.eq(x, zero())))
}

@inline

export function log4(given: v128): v128 {
  const tiny = f32x4.lt(given, f32x4.splat(1.17549435e-38)) // subnormal, zero, or below
  const x = v128.bitselect(f32x4.mul(given, f32x4.splat(8388608)), given, tiny)
  let exponent = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_u(x, 23), i32x4.splat(126)))
  exponent = f32x4.sub(exponent, v128.and(tiny, f32x4.splat(23)))
  let m = v128.or(v128.and(x, i32x4.splat(0x007fffff)), i32x4.splat(0x3f000000)) // from 0.5 to below 1
  const small = f32x4.lt(m, f32x4.splat(0.707106781186547524))
  exponent = f32x4.sub(exponent, v128.and(small, f32x4.splat(1)))
  m = f32x4.add(f32x4.sub(m, f32x4.splat(1)), v128.and(small, m))
  const square = f32x4.mul(m, m)
  let p = f32x4.splat(7.0376836292e-2)
  p = madd(p, m, f32x4.splat(-1.151461031e-1))
  p = madd(p, m, f32x4.splat(1.167699874e-1))
  p = madd(p, m, f32x4.splat(-1.2420140846e-1))
  p = madd(p, m, f32x4.splat(1.4249322787e-1))
  p = madd(p, m, f32x4.splat(-1.6668057665e-1))
  p = madd(p, m, f32x4.splat(2.0000714765e-1))
  p = madd(p, m, f32x4.splat(-2.4999993993e-1))
  p = madd(p, m, f32x4.splat(3.3333331174e-1))
  p = f32x4.mul(f32x4.mul(p, m), square)
  p = madd(exponent, f32x4.splat(-2.1219444e-4), p)
  p = madd(square, f32x4.splat(-0.5), p)
  let result = madd(exponent, f32x4.splat(0.693359375), f32x4.add(m, p))
  result = v128.bitselect(f32x4.splat(-Infinity), result, f32x4.eq(given, zero()))
  result = v128.bitselect(f32x4.splat(NaN), result, f32x4.lt(given, zero()))
  // Infinity and NaN are their own logarithms.
  const finite = f32x4.lt(given, f32x4.splat(Infinity))
  return v128.bitselect(result, given, v128.and(finite, f32x4.eq(given, given)))
}

/** `log(1 + x)`: what rounding took from `1 + x` is given back. */
@inline

export function logOnePlus4(x: v128): v128 {
  const one = f32x4.splat(1)
  const u = f32x4.add(one, x)
  const lost = f32x4.div(f32x4.sub(f32x4.sub(u, one), x), u)
  const plain = log4(u)
  const usual = v128.and(f32x4.lt(f32x4.abs(x), f32x4.splat(1e8)), f32x4.gt(u, zero()))
  return v128.bitselect(f32x4.sub(plain, lost), plain, usual)
}

@inline

export function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1)
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))))
}

@inline

export function tanh4(x: v128): v128 {
  const size = f32x4.abs(x)
  const square = f32x4.mul(x, x)
  let p = f32x4.splat(-5.70498872745e-3)
  p = madd(p, square, f32x4.splat(2.06390887954e-2))
  p = madd(p, square, f32x4.splat(-5.37397155531e-2))
  p = madd(p, square, f32x4.splat(1.33314422036e-1))
  p = madd(p, square, f32x4.splat(-3.33332819422e-1))
  const near = madd(f32x4.mul(p, square), x, x)
  const one = f32x4.splat(1)
  const far = f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(exp4(f32x4.add(size, size)), one)))
  const signed = v128.or(far, v128.and(x, i32x4.splat(<i32>0x80000000)))
  return v128.bitselect(near, signed, f32x4.lt(size, f32x4.splat(0.625)))
}

/**
 * `log(1 + exp(x))`, which is `max(x, 0) + log(1 + e)` with `e = exp(−|x|)`; that logarithm is twice the inverse
 * hyperbolic tangent of `e / (2 + e)`.
 */
@inline

export function softplus4(x: v128): v128 {
  const e = exp4(f32x4.neg(f32x4.abs(x)))
  const s = f32x4.div(e, f32x4.add(f32x4.splat(2), e)) // at most a third: a series will do
  const square = f32x4.mul(s, s)
  let p = f32x4.splat(2.0 / 15)
  p = madd(p, square, f32x4.splat(2.0 / 13))
  p = madd(p, square, f32x4.splat(2.0 / 11))
  p = madd(p, square, f32x4.splat(2.0 / 9))
  p = madd(p, square, f32x4.splat(2.0 / 7))
  p = madd(p, square, f32x4.splat(2.0 / 5))
  p = madd(p, square, f32x4.splat(2.0 / 3))
  p = madd(p, square, f32x4.splat(2))
  return madd(p, s, f32x4.pmax(x, zero()))
}

/** `exp(x)` of two doubles of 0 or less, to nine digits. */
@inline

function expBelow2(given: v128): v128 {
  const x = f64x2.pmax(given, f64x2.splat(-700))
  const rounder = f64x2.splat(6755399441055744) // 1.5 · 2⁵²
  const shifted = f64x2.add(f64x2.mul(x, f64x2.splat(1.4426950408889634)), rounder)
  const r = f64x2.sub(x, f64x2.mul(f64x2.sub(shifted, rounder), f64x2.splat(0.6931471805599453)))
  let p = f64x2.splat(1.0 / 40320)
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 5040))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 720))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 120))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 24))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 6))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.5))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1))
  return f64x2.mul(p, i64x2.shl(i64x2.add(shifted, i64x2.splat(1023)), 52))
}

@inline

function erf2(x: v128): v128 {
  const one = f64x2.splat(1)
  const t = f64x2.div(one, f64x2.add(one, f64x2.mul(x, f64x2.splat(0.3275911))))
  let p = f64x2.sub(f64x2.mul(t, f64x2.splat(1.061405429)), f64x2.splat(1.453152027))
  p = f64x2.add(f64x2.mul(p, t), f64x2.splat(1.421413741))
  p = f64x2.sub(f64x2.mul(p, t), f64x2.splat(0.284496736))
  p = f64x2.add(f64x2.mul(p, t), f64x2.splat(0.254829592))
  return f32x4.demote_f64x2_zero(f64x2.sub(one, f64x2.mul(f64x2.mul(p, t), expBelow2(f64x2.neg(f64x2.mul(x, x))))))
}

/**
 * As TensorFlow.js approximates it (Abramowitz and Stegun 1964, 7.1.26): to 1.5e-7, and alike near 0 only in double
 * precision.
 */
export function erf4(x: v128): v128 {
  const size = f32x4.abs(x)
  const low = erf2(f64x2.promote_low_f32x4(size)),
    high = erf2(f64x2.promote_low_f32x4(v128.shuffle<f32>(size, size, 2, 3, 2, 3)))
  const signed = v128.or(v128.shuffle<f32>(low, high, 0, 1, 4, 5), v128.and(x, i32x4.splat(<i32>0x80000000)))
  return v128.bitselect(x, signed, f32x4.eq(x, zero()))
}
