// The kernels of @tensorflow/tfjs-backend-wasm, in a process of their own, for both backends call themselves wasm.
// Answers one JSON object a line:
//   { load: place in hotKernels }  ->  { missing }
//   { time: true }                 ->  { ms }
import '@tensorflow/tfjs-backend-wasm'
import { createInterface } from 'node:readline'
import * as tf from '@tensorflow/tfjs-core'
import { hotKernels, prepared, type Prepared } from './hot-kernels.ts'

tf.env().set('PROD', true)
await tf.setBackend('wasm')
let current: Prepared | undefined
for await (const line of createInterface({ input: process.stdin })) {
  const { load } = JSON.parse(line) as { load?: number | undefined }
  if (load === undefined) console.log(JSON.stringify({ ms: current!.fastest() }))
  else {
    current?.dispose()
    current = prepared(hotKernels[load]!)
    console.log(JSON.stringify({ missing: current === undefined }))
  }
}
