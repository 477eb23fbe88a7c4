// Opens a recipe's own data, takes two steps on the first of them, and prints the losses: the same file in Node, Bun
// and Deno. With `plain` behind the recipe, multiplications and additions are not fused anywhere.
import { registerWasm } from '@lapstrake/backend-wasm'
import { dispose, train, type Experiment } from 'lapstrake'

const [file, how] = process.argv.slice(2)
const { default: recipe } = (await import(file!)) as { default: Experiment }
const backend = await registerWasm({ threads: 1, relaxed: how !== 'plain' })
const dataset = await recipe.data!.open('train', { limit: 64 })
const stop = new AbortController()
const losses: object[] = []
const { state } = await train(
  { ...recipe, batchSize: 16 },
  {
    dataset,
    seed: 0,
    signal: stop.signal,
    diagnoseEvery: 0,
    onStep(metrics) {
      losses.push(metrics.losses)
      if (metrics.step === 2) stop.abort()
    }
  }
)
dispose(state)
console.log(JSON.stringify({ backend, data: dataset.name, size: dataset.size, losses }))
process.exit(0)
