import type * as inNode from './threads.node.ts'
import type { Answer } from './workers/messages.ts'

/** Milliseconds without work after which a worker ends: a page has no end of its own. */
const patience = 10_000

export const atOnce: typeof inNode.atOnce = () => Math.max(1, Math.min(4, navigator.hardwareConcurrency - 1))

/** Starts a page's worker for a module. */
export const startThread: typeof inNode.startThread = (module, { hear, lose }) => {
  const worker = new Worker(new URL('./workers/example-worker.browser.js', import.meta.url), {
    type: 'module',
    name: module
  })
  const end = (why: string, cause?: Error): void => {
    worker.terminate()
    lose(why, cause)
  }
  let resting: ReturnType<typeof setTimeout> | undefined
  worker.onmessage = ({ data }: MessageEvent<Answer>) => hear(data)
  worker.onerror = ({ message, error }) => end(message, error as Error | undefined)
  return {
    post(question, buffers) {
      worker.postMessage(question, [...buffers])
      clearTimeout(resting)
    },
    rest() {
      resting = setTimeout(() => end('nothing was left to do'), patience)
    }
  }
}
