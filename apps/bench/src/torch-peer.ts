// PyTorch in a process of its own, asked for one step at a time.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type * as tf from '@tensorflow/tfjs-core'
import type { Answer } from './problem.ts'

export interface Peer {
  /** Version, threads, and how fast it multiplies matrices. */
  readonly description: string
  /** What makes a comparison with it unfair. */
  readonly warning?: string
  /** Losses that it can be asked for. */
  readonly losses: readonly string[]
  /** Takes a loss's inputs over, by name, and answers once; what it held for that loss before is forgotten. */
  load(loss: string, inputs: Readonly<Record<string, tf.Tensor>>): Promise<Answer>
  /** Milliseconds of one step of a loss that was loaded, by its own clock. */
  step(loss: string): Promise<number>
  stop(): void
}

/** GFLOP/s that every BLAS but the reference one reaches on a core. */
const slowest = 15

/**
 * Starts `losses.py`.
 *
 * @throws Error if there is no such Python, or it has no torch
 */
export async function startPeer(python: string, threads: number): Promise<Peer> {
  const child = spawn(python, [fileURLToPath(new URL('losses.py', import.meta.url)), '--threads', String(threads)], { stdio: ['pipe', 'pipe', 'inherit'] })
  let failure: Error | undefined
  child.on('error', error => { failure = error })
  // A child that is gone is noticed when it does not answer.
  child.stdin.on('error', () => {})
  const replies = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const reply = async <T>(): Promise<T> => {
    const { value, done } = await replies.next() as IteratorResult<string, undefined>
    if (done) throw new Error(`bench: expected an answer from ${python}, but it ended${failure ? `: ${failure.message}` : '. What it printed stands above.'}`)
    return JSON.parse(value) as T
  }
  const ask = <T>(request: unknown): Promise<T> => {
    child.stdin.write(`${JSON.stringify(request)}\n`)
    return reply<T>()
  }

  const hello = await reply<{ torch: string; threads: number; gflops: number; losses: string[]; error?: string }>()
  if (hello.error !== undefined) {
    throw new Error(`bench: expected ${python} to have torch, but it has none. Try apt-get install python3-torch libopenblas0, or name another Python: --peer PYTHON.`)
  }
  const speed = `${Math.round(hello.gflops)} GFLOP/s in products of matrices`
  return {
    description: `PyTorch ${hello.torch} on ${hello.threads === 1 ? 'one thread' : `${hello.threads} threads`}, ${speed}`,
    ...(hello.gflops < slowest && {
      warning: `PyTorch multiplies with the reference BLAS, ${speed}, where a core can do fifty and more. For a fair race: apt-get install libopenblas0.`
    }),
    losses: hello.losses,
    load: async (load, inputs) => ask<Answer>({
      load, inputs: Object.fromEntries(await Promise.all(Object.entries(inputs).map(async ([name, tensor]) => [name, await encoded(tensor)])))
    }),
    step: async step => (await ask<{ ms: number }>({ step })).ms,
    stop: () => { child.stdin.end() }
  }
}

async function encoded(tensor: tf.Tensor): Promise<{ shape: number[]; dtype: string; data: string }> {
  const { buffer, byteOffset, byteLength } = await tensor.data()
  return { shape: tensor.shape, dtype: tensor.dtype, data: Buffer.from(buffer, byteOffset, byteLength).toString('base64') }
}
