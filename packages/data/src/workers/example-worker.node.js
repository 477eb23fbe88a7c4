// Runs in a worker thread. Plain JavaScript, so that the thread starts from sources as it does from a package.
import { parentPort, workerData } from 'node:worker_threads'
import { answering } from './messages.ts'

parentPort.on(
  'message',
  answering(workerData, (answer, buffers) => parentPort.postMessage(answer, buffers))
)
