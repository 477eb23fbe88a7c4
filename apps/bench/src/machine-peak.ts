import { setFlagsFromString } from 'node:v8'
import asc from 'assemblyscript/asc'

/** What one thread of WebAssembly on this machine can do at best. */
export interface MachinePeak {
  readonly gflops: number
  /** Of copying 64 MB, which are read and written: 128 MB. */
  readonly copyGbs: number
}

interface Loops {
  multiplyAdd(times: number): number
  copy(): void
}

/**
 * Multiplications and additions that do not wait for one another: enough to fill every unit of the processor for as
 * long as one takes.
 */
const independent = [...new Array(10).keys()]
const times = 1e6
const megabyte = 2 ** 20

export async function machinePeak(): Promise<MachinePeak> {
  const fused = await compiled('f32x4.relaxed_madd(sum, x, y)')
  // Node 20 has relaxed SIMD behind a flag, which counts for what is compiled after it.
  if (!WebAssembly.validate(fused)) setFlagsFromString('--experimental-wasm-relaxed-simd')
  const module = WebAssembly.validate(fused) ? fused : await compiled('f32x4.add(f32x4.mul(sum, x), y)')
  const { instance } = await WebAssembly.instantiate(module)
  const { multiplyAdd, copy } = instance.exports as WebAssembly.Exports & Loops
  return {
    gflops: (independent.length * 4 * 2 * times) / fastest(() => multiplyAdd(times)) / 1e6,
    copyGbs: (2 * 64 * megabyte) / fastest(copy) / 1e6
  }
}

async function compiled(multiplyAdd: string): Promise<BufferSource> {
  const sums = independent.map(i => `sum${i}`)
  const source = `
    export function multiplyAdd(times: i32): f32 {
      const x = f32x4.splat(0.5), y = f32x4.splat(0.5)
      ${sums.map((sum, i) => `let ${sum} = f32x4.splat(${i})`).join('\n')}
      for (let i = 0; i < times; i++) {
        ${sums.map(sum => `${sum} = ${multiplyAdd.replace('sum', sum)}`).join('\n')}
      }
      return f32x4.extract_lane(${sums.reduce((all, sum) => `f32x4.add(${all}, ${sum})`)}, 0)
    }
    export function copy(): void {
      memory.copy(${megabyte}, ${65 * megabyte}, ${64 * megabyte})
    }`
  const { error, binary, stderr } = await asc.compileString(source, {
    optimizeLevel: 3,
    runtime: 'stub',
    initialMemory: (129 * megabyte) / 65_536,
    enable: ['simd', 'relaxed-simd']
  })
  if (error)
    throw new Error(`bench: expected the loop of the machine's peak to compile: ${stderr.toString()}`, { cause: error })
  return binary as BufferSource
}

/** Milliseconds of the fastest run in half a second. */
function fastest(run: () => unknown): number {
  let best = Infinity
  for (const began = performance.now(); performance.now() < began + 500; ) {
    const start = performance.now()
    run()
    best = Math.min(best, performance.now() - start)
  }
  return best
}
