// What all kernels share. A kernel takes the address of its arguments, the part of its work to do, and the thread it
// runs on.

/** An argument that is a whole number or an address. */
@inline

export function int(args: usize, place: i32): i32 {
  return load<i32>(args + ((<usize>place) << 2))
}

@inline

export function address(args: usize, place: i32): usize {
  return <usize>load<u32>(args + ((<usize>place) << 2))
}

@inline

export function float(args: usize, place: i32): f32 {
  return load<f32>(args + ((<usize>place) << 2))
}

/** `a · b + c`, rounded once where the machine can. */
@inline

export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c)
  return f32x4.add(f32x4.mul(a, b), c)
}

@inline

export function zero(): v128 {
  return f32x4.splat(0)
}

/** The first `count` of four numbers, at most four, with zeros behind them. */
export function loadSome(from: usize, count: i32): v128 {
  if (count >= 4) return v128.load(from)
  let some = zero()
  if (count > 0) some = f32x4.replace_lane(some, 0, load<f32>(from))
  if (count > 1) some = f32x4.replace_lane(some, 1, load<f32>(from, 4))
  if (count > 2) some = f32x4.replace_lane(some, 2, load<f32>(from, 8))
  return some
}

/** Stores the first `count` of four numbers, at most four. */
export function storeSome(to: usize, some: v128, count: i32): void {
  if (count >= 4) {
    v128.store(to, some)
    return
  }
  if (count > 0) store<f32>(to, f32x4.extract_lane(some, 0))
  if (count > 1) store<f32>(to, f32x4.extract_lane(some, 1), 4)
  if (count > 2) store<f32>(to, f32x4.extract_lane(some, 2), 8)
}
