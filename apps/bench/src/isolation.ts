// Time and memory of one step under every isolation: npm run --silent bench:isolation -- --json
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { parseArgs, promisify } from 'node:util'
import * as tf from '@tensorflow/tfjs-core'
import {
  endToEnd,
  greedy,
  leaves,
  meterMemory,
  overlapping,
  own,
  seeded,
  useBackend,
  withLeaves,
  type Isolation,
  type Stage,
  type State,
  type Unit,
  type Variables
} from 'lapstrake'
import { differentiator, loss, plainNet, viewsFor, type Differentiator } from './networks.ts'

interface Row {
  readonly method: string
  readonly stages: number
  /** Forward and backward of a step, warm, in the order of the repeats; no optimizer. */
  readonly medianMs: number
  /** Most bytes of living tensors during the step, above rest; data that tensors share counts once. */
  readonly peakBytes: number
  readonly forwardsPerStage: number
  readonly leakedTensors: number
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    stages: { type: 'string', default: '4,8,12' },
    repeats: { type: 'string', default: '7' },
    backend: { type: 'string', default: 'wasm' },
    threads: { type: 'string', default: '1' },
    peer: { type: 'string' },
    help: { type: 'boolean', default: false }
  }
})
if (values.help) {
  console.log(
    'npm run --silent bench:isolation -- [--json] [--stages 4,8,12] [--repeats 7] [--backend wasm] [--threads 1] ' +
      '[--peer FILE.py]\n' +
      'The workload: stages of two 3×3 convolutions of 32 channels with batch normalisation and ReLU, strides 1, 2, ' +
      '2, then 1; 32 images of\n' +
      '28 × 28 × 3 in two views; NT-Xent behind an MLP 32-64. --peer runs a PyTorch program for the same beside it.'
  )
  process.exit(0)
}
const { sentence } = await useBackend(values.backend as 'wasm', { threads: Number(values.threads) })
if (!values.json) console.log(sentence)

const views = viewsFor(plainNet(4))

/** A way to find all gradients once; `forwards` counts the runs of every stage. */
interface Contender {
  readonly method: string
  readonly step: () => void
}

function contenders(depth: number, forwards: number[]): Contender[] {
  const plain = plainNet(depth)
  const stages = plain.backbone.stages.map(
    (stage, i): Stage => ({
      ...stage,
      apply: (...given) => {
        forwards[i]! += 1
        return stage.apply(...given)
      }
    })
  )
  const counted = { ...plain, backbone: { ...plain.backbone, stages } }
  const trainerOf = (isolation: Isolation): Differentiator => differentiator(counted, isolation, views)
  const [whole, alone, overlap] = [trainerOf(endToEnd()), trainerOf(greedy()), trainerOf(overlapping())]
  return [
    { method: 'end-to-end, tf gradients', step: () => naively(stages, whole.state, whole.units) },
    { method: 'end-to-end', step: whole.gradients },
    { method: 'greedy', step: alone.gradients },
    { method: 'overlapping', step: overlap.gradients },
    { method: 'overlapping, tf gradients', step: () => naively(stages, overlap.state, overlap.units) }
  ]
}

/**
 * Every unit by itself with the gradients of TensorFlow.js, as its users write it: freed unit by unit, shared stages
 * run again.
 */
function naively(stages: readonly Stage[], state: State, units: readonly Unit[]): void {
  const training = { training: true, random: seeded(0) } as const
  let flow: tf.Tensor = tf.concat([...views], 0)
  let at = 0
  let totals: (tf.Tensor[] | undefined)[] = stages.map(() => undefined)
  for (const unit of units) {
    // The step from one unit to the next: the stages between their starts, with nothing recorded.
    for (; at < unit.start; at++) {
      const next = tf.tidy(() => stages[at]!.apply(state.stages[at]!, flow, training).output)
      flow.dispose()
      flow = next
    }
    const inside = stages.slice(unit.start, unit.end)
    const variables = state.stages.slice(unit.start, unit.end)
    const { head: headVariables } = state.units[unit.name]!
    const weights = [...variables, headVariables].flatMap(({ params }) => leaves(params))
    const f = (...given: tf.Tensor[]): tf.Scalar => {
      let rest = given
      const take = ({ params, buffers }: Variables): Variables => {
        const count = leaves(params).length
        const taken = { params: withLeaves(params, rest.slice(0, count)), buffers }
        rest = rest.slice(count)
        return taken
      }
      const top = inside.reduce((x, stage, i) => stage.apply(take(variables[i]!), x, training).output, flow)
      const embeddings = unit.head.apply(take(headVariables), top, training).output as tf.Tensor2D
      return loss(tf.split(embeddings, 2) as [tf.Tensor2D, tf.Tensor2D], { views })
    }
    const gradients = own(() => tf.grads(f)(weights))
    let rest: tf.Tensor[] = [...gradients]
    totals = totals.map((total, i) => {
      if (i < unit.start || i >= unit.end) return total
      const count = leaves(state.stages[i]!.params).length
      const mine = rest.slice(0, count)
      rest = rest.slice(count)
      if (total === undefined) return mine
      const sum = total.map((tensor, j) => tf.add(tensor, mine[j]!))
      tf.dispose([total, mine])
      return sum
    })
    tf.dispose(rest)
  }
  tf.dispose([flow, ...totals.flatMap(total => total ?? [])])
}

const rows: Row[] = []
for (const depth of values.stages.split(',').map(Number)) {
  const forwards = new Array<number>(depth).fill(0)
  const field = contenders(depth, forwards)
  const times = field.map((): number[] => [])
  const measured = field.map(({ step }) => {
    step()
    const before = tf.memory().numTensors
    forwards.fill(0)
    const meter = meterMemory()
    step()
    meter.stop()
    return {
      peakBytes: meter.peak(),
      forwardsPerStage: Math.max(...forwards),
      leakedTensors: tf.memory().numTensors - before
    }
  })
  // In turn, so that a busy moment of the machine meets all of them.
  for (let repeat = 0; repeat < Number(values.repeats); repeat++) {
    for (const [i, { step }] of field.entries()) {
      const began = performance.now()
      step()
      times[i]!.push(performance.now() - began)
    }
  }
  field.forEach(({ method }, i) => {
    const medianMs = Number([...times[i]!].sort((a, b) => a - b)[Math.floor(times[i]!.length / 2)]!.toFixed(1))
    rows.push({ method, stages: depth, medianMs, ...measured[i]! })
  })
}

const peers = values.peer === undefined ? undefined : await torch(values.peer)
if (values.json) console.log(JSON.stringify({ rows, peers }))
else {
  console.table(rows)
  if (peers) console.table(peers)
}
process.exit(0)

/** The same step in PyTorch, on one thread, or why not. */
async function torch(program: string): Promise<readonly unknown[]> {
  if (!existsSync(program)) throw new Error(`bench: expected a PyTorch program at ${program}, but there is none.`)
  const { stdout } = await promisify(execFile)('/usr/bin/python3', [
    program,
    '--threads',
    '1',
    '--workload',
    'small'
  ]).catch((error: Error) => {
    throw new Error(
      `bench: expected python3 with torch (apt-get install python3-torch) to run ${program}: ${error.message}`
    )
  })
  return stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as unknown)
}
