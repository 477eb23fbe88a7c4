// What the planner foresees beside what a step takes: npm run --silent bench:plan -- --json
import { parseArgs } from 'node:util'
import * as tf from '@tensorflow/tfjs-core'
import {
  createTrainer,
  dispose,
  endToEnd,
  greedy,
  meterMemory,
  overlapping,
  plan,
  pResNet50,
  projector,
  resNet,
  seeded,
  sgd,
  useBackend,
  type Owned,
  type Plan,
  type Recipe,
  type State
} from 'lapstrake'
import { megabytes, memoryPeakOf, rounded } from './measuring.ts'
import { loss, plainNet, residualNet, viewsFor } from './networks.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    savings: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false }
  }
})
if (values.help) {
  console.log(`npm run --silent bench:plan -- [--json] [--savings]
The peak of a whole step that plan() foresees, beside what the second step of a real run takes on the wasm backend: of
tensors, and of the backend's memory with what kernels need for themselves. 32 examples in two views, SGD with momentum.
Then what greedy and overlapping learning save of the peak of ResNet-50 and PResNet-50 on 8 and 64 images of 224 × 224,
in two views, as foreseen: of all there is, and of what is above weights and the optimizer's state.
--savings prints these alone.`)
  process.exit(0)
}
console.error((await useBackend('wasm')).sentence)

const rows = []
for (const [workload, network] of values.savings
  ? []
  : Object.entries({ small: plainNet(4), resnet18: residualNet() })) {
  for (const [method, isolation] of Object.entries({
    'end-to-end': endToEnd(),
    greedy: greedy(),
    overlapping: overlapping()
  })) {
    const recipe: Recipe = {
      ...network,
      isolation,
      loss: () => loss,
      optimizer: sgd({ learningRate: 0.1, momentum: 0.9 })
    }
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
      workload,
      method,
      plannedMb: megabytes(planned.peakBytes),
      tensorsMb: megabytes(meter.peak()),
      backendMb: megabytes(backend),
      ofBackend: rounded(planned.peakBytes / backend),
      planningMs: Math.round(milliseconds)
    })
    meter.stop()
    dispose(state.now)
    tf.dispose([...views])
  }
}
// What nobody could train here: the two networks of LoCo's table of memory, on its images.
const savings = []
for (const batch of [8, 64]) {
  for (const [network, backbone] of Object.entries({
    'ResNet-50': resNet({ depth: 50, stem: 'imagenet' }),
    'PResNet-50': pResNet50()
  })) {
    const planned: Plan[] = []
    for (const isolation of [endToEnd(), greedy(), overlapping()]) {
      planned.push(
        await plan(
          {
            backbone,
            isolation,
            head: () => projector({ dims: [128] }),
            loss: () => loss,
            optimizer: sgd({ learningRate: 0.1, momentum: 0.9 })
          },
          { inputShape: [224, 224, 3], batch }
        )
      )
    }
    const [whole, alone, pairs] = planned as [Plan, Plan, Plan]
    const aboveRest = ({ peakBytes, restBytes }: Plan): number => peakBytes - restBytes
    savings.push({
      network,
      batch,
      gmacs: rounded(whole.stages.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0) / (2e9 * batch)),
      endToEndGb: rounded(whole.peakBytes / 1e9),
      restGb: rounded(whole.restBytes / 1e9),
      greedySaves: rounded(whole.peakBytes / alone.peakBytes),
      overlappingSaves: rounded(whole.peakBytes / pairs.peakBytes),
      overlappingSavesAboveRest: rounded(aboveRest(whole) / aboveRest(pairs))
    })
  }
}
if (values.json) console.log(JSON.stringify({ rows, savings }))
else {
  console.table(rows)
  console.table(savings)
}
process.exit(0)
