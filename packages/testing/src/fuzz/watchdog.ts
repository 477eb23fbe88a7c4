import { Worker } from 'node:worker_threads'

/** Tells another thread which input is being read. */
export interface Watchdog {
  at(number: number): void
  stop(): Promise<void>
}

/** Ends the process, with a word, when an input is read for half a minute: a test's own limit stops no endless loop. */
export function watchdog(name: string, seed: number): Watchdog {
  const place = new Float64Array(new SharedArrayBuffer(8)).fill(-1)
  const worker = new Worker(watch, { eval: true, workerData: { place, name, seed } })
  worker.unref()
  return {
    at(number) {
      place[0] = number
    },
    async stop() {
      await worker.terminate()
    }
  }
}

const watch = `
const { writeSync } = require('node:fs')
const { place, name, seed } = require('node:worker_threads').workerData
let [last, seconds] = [-1, 0]
setInterval(() => {
  seconds = place[0] === last ? seconds + 1 : 0
  last = place[0]
  if (last < 0 || seconds < 30) return
  writeSync(2, name + ': input ' + last + ' of seed ' + seed + ' is read without end\\n')
  process.kill(process.pid, 'SIGKILL')
}, 1000)
`
