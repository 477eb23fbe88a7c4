// What the planner foresees beside what a step takes: npm run --silent bench:plan -- --json
import { parseArgs } from 'node:util'
import * as tf from '@tensorflow/tfjs-core'
import { createTrainer, dispose, endToEnd, greedy, meterMemory, overlapping, plan, seeded, sgd, useBackend, type Owned, type Recipe, type State } from 'lapstrake'
import { megabytes, memoryPeakOf, rounded } from './measuring.ts'
import { loss, plainNet, residualNet, viewsFor } from './networks.ts'

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } })
if (values.help) {
  console.log(`npm run --silent bench:plan -- [--json]
The peak of a whole step that plan() foresees, beside what the second step of a real run takes on the wasm backend: of tensors, and of the backend's memory
with what kernels need for themselves. 32 examples in two views, SGD with momentum.`)
  process.exit(0)
}
console.error((await useBackend('wasm')).sentence)

const rows = []
for (const [workload, network] of Object.entries({ small: plainNet(4), resnet18: residualNet() })) {
  for (const [method, isolation] of Object.entries({ 'end-to-end': endToEnd(), greedy: greedy(), overlapping: overlapping() })) {
    const recipe: Recipe = { ...network, isolation, loss: () => loss, optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }) }
    const began = performance.now()
    const planned = await plan(recipe, { inputShape: network.inputShape, batch: 32 })
    const milliseconds = performance.now() - began
    const meter = meterMemory()
    const views = viewsFor(network)
    const trainer = createTrainer(recipe, { inputShape: network.inputShape })
    const state = { now: trainer.init(seeded(0)) as Owned<State> }
    const step = (): void => {
      const result = trainer.step(state.now, { views })
      dispose(result.losses)
      state.now = result.state
    }
    step()
    const backend = await memoryPeakOf(step)
    rows.push({
      workload, method, plannedMb: megabytes(planned.peakBytes), tensorsMb: megabytes(meter.peak()), backendMb: megabytes(backend),
      ofBackend: rounded(planned.peakBytes / backend), planningMs: Math.round(milliseconds)
    })
    meter.stop()
    dispose(state.now)
    tf.dispose([...views])
  }
}
if (values.json) console.log(JSON.stringify({ rows }))
else console.table(rows)
process.exit(0)
