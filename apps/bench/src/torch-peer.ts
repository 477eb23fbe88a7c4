// PyTorch in a process of its own, asked for one step at a time.
import { fileURLToPath } from 'node:url'
import type * as tf from '@tensorflow/tfjs-core'
import { startProgram } from './line-program.ts'

/** `Loaded` is what it says of a problem when it takes it. */
export interface Peer<Loaded> {
  /** Version, threads, and how fast it multiplies matrices. */
  readonly description: string
  /** What makes a comparison with it unfair. */
  readonly warning?: string | undefined
  /** Problems that it can be asked for. */
  readonly names: readonly string[]
  /**
   * Takes a problem, with the inputs that it has no other way to know; what it held under that name before is
   * forgotten.
   */
  load(name: string, inputs?: Readonly<Record<string, tf.Tensor>>): Promise<Loaded>
  /** Milliseconds of one step of a problem that was loaded, by its own clock. */
  step(name: string): Promise<number>
  /** Most resident memory of its process so far, in bytes; Python and PyTorch are part of it. */
  peak(): Promise<number>
  stop(): void
}

/** GFLOP/s that every BLAS but the reference one reaches on a core. */
const slowest = 15

/**
 * Starts `losses.py` or `peers.py`.
 *
 * @throws Error if there is no such Python, or it has no torch
 */
export async function startPeer<Loaded>(program: string, python: string, threads: number): Promise<Peer<Loaded>> {
  // Without -B it would leave its compiled modules beside ours.
  const { hear, ask, stop } = startProgram(python, [
    '-B',
    fileURLToPath(new URL(program, import.meta.url)),
    '--threads',
    String(threads)
  ])
  const hello = await hear<{
    torch: string
    threads: number
    gflops: number
    names: string[]
    error?: string | undefined
  }>()
  if (hello.error !== undefined) {
    throw new Error(
      `bench: expected ${python} to have torch, but it has none. Try apt-get install python3-torch libopenblas0, ` +
        'or name another Python: --peer PYTHON.'
    )
  }
  const speed = `${Math.round(hello.gflops)} GFLOP/s in products of matrices`
  const count = hello.threads === 1 ? 'one thread' : `${hello.threads} threads`
  return {
    description: `PyTorch ${hello.torch} on ${count}, ${speed}`,
    warning:
      hello.gflops < slowest
        ? `PyTorch multiplies with the reference BLAS, ${speed}, where a core can do fifty and more. ` +
          'For a fair race: apt-get install libopenblas0.'
        : undefined,
    names: hello.names,
    load: async (load, inputs = {}) =>
      ask<Loaded>({
        load,
        inputs: Object.fromEntries(
          await Promise.all(Object.entries(inputs).map(async ([name, tensor]) => [name, await encoded(tensor)]))
        )
      }),
    step: async step => (await ask<{ ms: number }>({ step })).ms,
    peak: async () => (await ask<{ bytes: number }>({ peak: true })).bytes,
    stop
  }
}

async function encoded(tensor: tf.Tensor): Promise<{ shape: number[]; dtype: string; data: string }> {
  const { buffer, byteOffset, byteLength } = await tensor.data()
  return {
    shape: tensor.shape,
    dtype: tensor.dtype,
    data: Buffer.from(buffer, byteOffset, byteLength).toString('base64')
  }
}
