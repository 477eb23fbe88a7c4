import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Answer, Hearing, Thread } from './workers/messages.ts'

const file = new URL('./workers/example-worker.node.js', import.meta.url)

/** From sources, a worker first learns to read TypeScript. */
const start = (module: string): Worker =>
  import.meta.url.endsWith('.ts')
    ? new Worker(`import('tsx/esm/api').then(tsx => { tsx.register(); return import(${JSON.stringify(file.href)}) })`, {
        eval: true,
        workerData: module,
        execArgv: ['--conditions=@lapstrake/source']
      })
    : new Worker(file, { workerData: module, execArgv: [] })

/** Workers that have work to do at once. */
export const atOnce = (): number => Math.max(1, Math.min(4, availableParallelism() - 1))

/** Starts a worker thread for a module. It keeps the process alive only while it has something to do. */
export function startThread(module: string, { hear, lose }: Hearing): Thread {
  const worker = start(module)
  worker.on('message', (answer: Answer) => hear(answer))
  worker.on('error', error => lose(error.message, error))
  worker.on('exit', code => lose(`code ${code}`))
  worker.unref()
  return {
    post(question, buffers) {
      worker.postMessage(question, [...buffers])
      worker.ref()
    },
    rest: () => worker.unref()
  }
}
