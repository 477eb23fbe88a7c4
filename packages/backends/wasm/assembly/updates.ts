// Steps of optimizers: what would be ten passes over parameters is one. Blocks end on whole vectors, so there is no
// rest.
import { address, float, int, loadSome, madd, zero } from './common'

/**
 * AdamW. Work: vectors of four. Arguments: parameter, gradient, first and second moment, the three targets, then beta1,
 * beta2, how much of the parameter stays, the rate over the first moment's correction, the second's correction (its
 * inverse), epsilon.
 */
export function adamW(args: usize, from: i32, to: i32, thread: i32): void {
  const p = address(args, 0),
    g = address(args, 1),
    m = address(args, 2),
    v = address(args, 3)
  const nextP = address(args, 4),
    nextM = address(args, 5),
    nextV = address(args, 6)
  const beta1 = f32x4.splat(float(args, 7)),
    beta2 = f32x4.splat(float(args, 8)),
    kept = f32x4.splat(float(args, 9)),
    rate = f32x4.splat(float(args, 10))
  const unbiased = f32x4.splat(float(args, 11)),
    epsilon = f32x4.splat(float(args, 12))
  const fresh1 = f32x4.splat(float(args, 13)),
    fresh2 = f32x4.splat(float(args, 14))
  for (let i = from; i < to; i++) {
    const place = (<usize>i) << 4
    const gradient = v128.load(g + place)
    const first = madd(v128.load(m + place), beta1, f32x4.mul(gradient, fresh1))
    const second = madd(v128.load(v + place), beta2, f32x4.mul(f32x4.mul(gradient, gradient), fresh2))
    const step = f32x4.div(first, f32x4.add(f32x4.sqrt(f32x4.mul(second, unbiased)), epsilon))
    v128.store(nextM + place, first)
    v128.store(nextV + place, second)
    v128.store(nextP + place, f32x4.sub(f32x4.mul(v128.load(p + place), kept), f32x4.mul(step, rate)))
  }
}

/**
 * Momentum. Work: vectors of four. Arguments: parameter, gradient, velocity, the two targets, then momentum, weight
 * decay, rate, whether it looks ahead.
 */
export function momentum(args: usize, from: i32, to: i32, thread: i32): void {
  const p = address(args, 0),
    g = address(args, 1),
    v = address(args, 2),
    nextP = address(args, 3),
    nextV = address(args, 4)
  const stays = f32x4.splat(float(args, 5)),
    decay = f32x4.splat(float(args, 6)),
    rate = f32x4.splat(float(args, 7))
  const ahead = int(args, 8) != 0
  for (let i = from; i < to; i++) {
    const place = (<usize>i) << 4
    const param = v128.load(p + place)
    const gradient = madd(param, decay, v128.load(g + place))
    const faster = madd(v128.load(v + place), stays, gradient)
    const direction = ahead ? madd(faster, stays, gradient) : faster
    v128.store(nextV + place, faster)
    v128.store(nextP + place, f32x4.sub(param, f32x4.mul(direction, rate)))
  }
}

/**
 * Sums of squares of a parameter and of its gradient with decay, `[block][2]`. Work: blocks.
 *
 * Arguments: parameter, gradient, target, numbers, numbers in a block (whole vectors), weight decay.
 */
export function larsSquares(args: usize, from: i32, to: i32, thread: i32): void {
  const n = int(args, 3),
    size = int(args, 4)
  const decay = f32x4.splat(float(args, 5))
  for (let block = from; block < to; block++) {
    const start = (<usize>block * size) << 2
    let p = address(args, 0) + start,
      g = address(args, 1) + start
    let left = min(size, n - block * size)
    let ofParam = zero(),
      ofGradient = zero()
    for (; left >= 4; left -= 4, p += 16, g += 16) {
      const param = v128.load(p)
      const gradient = madd(param, decay, v128.load(g))
      ofParam = madd(param, param, ofParam)
      ofGradient = madd(gradient, gradient, ofGradient)
    }
    if (left > 0) {
      const param = loadSome(p, left)
      const gradient = madd(param, decay, loadSome(g, left))
      ofParam = madd(param, param, ofParam)
      ofGradient = madd(gradient, gradient, ofGradient)
    }
    const target = address(args, 2) + ((<usize>block) << 3)
    store<f32>(target, total(ofParam))
    store<f32>(target, total(ofGradient), 4)
  }
}

@inline

function total(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
}

/**
 * LARS. Work: vectors of four. Arguments: parameter, gradient, velocity, the two targets, then momentum, weight decay,
 * the rate of this parameter.
 */
export function lars(args: usize, from: i32, to: i32, thread: i32): void {
  const p = address(args, 0),
    g = address(args, 1),
    v = address(args, 2),
    nextP = address(args, 3),
    nextV = address(args, 4)
  const stays = f32x4.splat(float(args, 5)),
    decay = f32x4.splat(float(args, 6)),
    rate = f32x4.splat(float(args, 7))
  for (let i = from; i < to; i++) {
    const place = (<usize>i) << 4
    const param = v128.load(p + place)
    const faster = madd(v128.load(v + place), stays, f32x4.mul(madd(param, decay, v128.load(g + place)), rate))
    v128.store(nextV + place, faster)
    v128.store(nextP + place, f32x4.sub(param, faster))
  }
}
