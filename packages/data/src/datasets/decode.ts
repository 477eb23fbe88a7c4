import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

/** What `decode-worker.js` answers: pixels, or why there are none. */
type Answer = { readonly id: number } & ({ readonly pixels: Uint8Array } | { readonly error: string })

interface Waiting {
  readonly resolve: (pixels: Uint8Array) => void
  readonly reject: (error: Error) => void
}

/** A file, its bytes, or where they lie in another file. */
export type ImageSource = string | Uint8Array | { readonly path: string; readonly offset: number; readonly size: number }

let pool: readonly Worker[] | undefined
let next = 0
const waiting = new Map<number, Waiting>()

/**
 * Decodes a JPEG or PNG in a worker thread to red, green and blue from 0 to 255, scaled to cover `length` × `length` and cut from
 * the middle if one is given. The threads are made at the first call, and do not keep the process alive.
 */
export function decode(source: ImageSource, length?: number): Promise<Uint8Array> {
  pool ??= Array.from({ length: Math.max(1, Math.min(4, availableParallelism() - 1)) }, start)
  const id = next++
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject })
    const worker = pool![id % pool!.length]!
    // Whoever waits for an image keeps the process alive.
    worker.ref()
    worker.postMessage({ id, source, length })
  })
}

function start(): Worker {
  // The worker lies beside this file in the sources, and in a folder of its own in the package.
  const beside = import.meta.url.endsWith('.ts')
  const worker = new Worker(new URL(beside ? './decode-worker.js' : './datasets/decode-worker.js', import.meta.url), { execArgv: [] })
  worker.on('message', (answer: Answer) => {
    const { resolve, reject } = waiting.get(answer.id)!
    waiting.delete(answer.id)
    if (waiting.size === 0) pool?.forEach(thread => thread.unref())
    if ('pixels' in answer) resolve(answer.pixels)
    else reject(new Error(answer.error))
  })
  worker.on('error', error => {
    waiting.forEach(({ reject }) => reject(error))
    waiting.clear()
    pool = undefined
  })
  worker.unref()
  return worker
}
