// One row for each workload, backend, number of threads and method: our step, and PyTorch's beside it.
import * as tf from '@tensorflow/tfjs-core'
import {
  dispose,
  endToEnd,
  greedy,
  leaves,
  ntXent,
  overlapping,
  seeded,
  type Isolation,
  type LocalLoss,
  type Views
} from 'lapstrake'
import { inTurn, type Race } from './in-turn.ts'
import { megabytes, memoryPeakOf } from './measuring.ts'
import { differentiator, plainNet, residualNet, viewsFor, type Network } from './networks.ts'
import { problemOf, shapeOf } from './problem.ts'
import { startPeer } from './torch-peer.ts'

export interface PeerRow extends Race {
  readonly workload: string
  readonly method: string
  readonly backend: string
  readonly threads: number
  /**
   * Most of the backend's memory in use during a warm step, weights and inputs included; what kernels need for
   * themselves is only known on wasm.
   */
  readonly ourPeakMb: number
  /** Most resident memory of the peer's process. */
  readonly peerPeakMb?: number | undefined
}

/** What is measured of a workload. */
interface Contender {
  readonly method: string
  /** What the peer calls it. */
  readonly peerName: string
  /** Makes its inputs on the current backend. */
  readonly start: () => Steps
}

interface Steps {
  step(): unknown
  /** How many numbers have a gradient. */
  readonly gradients: number
  dispose(): void
}

export interface Workload {
  readonly name: string
  readonly contenders: readonly Contender[]
}

/** Where gradients of networks stop. */
const isolations: Readonly<Record<string, Isolation>> = {
  'end-to-end': endToEnd(),
  greedy: greedy(),
  overlapping: overlapping()
}
export const methods: readonly string[] = Object.keys(isolations)

const ofNetwork = (name: string, network: Network): Workload => ({
  name,
  contenders: Object.entries(isolations).map(([method, isolation]) => ({
    method,
    peerName: `${name} ${method}`,
    start: () => networkSteps(network, isolation)
  }))
})

/** The loss alone, for rows of 128 numbers. */
const ofLoss = (name: string, batch: number): Workload => ({
  name,
  contenders: [{ method: 'loss', peerName: `${name} loss`, start: () => lossSteps(ntXent(), batch) }]
})

export const workloads: readonly Workload[] = [
  ofNetwork('small', plainNet(4)),
  ofNetwork('resnet18', residualNet()),
  ofLoss('ntxent1024', 1024),
  ofLoss('ntxent4096', 4096)
]

function networkSteps(network: Network, isolation: Isolation): Steps {
  const views = viewsFor(network)
  const { gradients, state, units } = differentiator(network, isolation, views)
  const taught = [...state.stages, ...units.map(({ name }) => state.units[name]!.head)]
  return {
    step: gradients,
    gradients: numbersIn(taught.flatMap(({ params }) => leaves(params))),
    dispose: () => {
      dispose(state)
      dispose(views)
    }
  }
}

function lossSteps(loss: LocalLoss, batch: number): Steps {
  const view = (seed: number): tf.Tensor => seeded(seed).normal([batch, ...shapeOf.rows])
  const views: Views = [view(1), view(2)]
  const problem = problemOf({ loss, kind: 'rows', reads: [] }, { views })
  return {
    step: problem.step,
    gradients: numbersIn(views),
    dispose: () => {
      problem.dispose()
      tf.dispose([...views])
    }
  }
}

const numbersIn = (tensors: readonly tf.Tensor[]): number => tensors.reduce((sum, { size }) => sum + size, 0)

export interface MeasureOptions {
  /** Of networks. */
  readonly methods: readonly string[]
  /** The current one. */
  readonly backend: string
  /** What it has. */
  readonly threads: number
  readonly repeats: number
  /** The Python of the peer, if there is to be one. */
  readonly python?: string | undefined
  readonly onProgress: (message: string) => void
}

/** Each method has a peer of its own, for the most memory of a process is that of all it ever did. */
export async function measureWorkload(
  { name: workload, contenders }: Workload,
  { methods: wanted, backend, threads, repeats, python, onProgress }: MeasureOptions
): Promise<PeerRow[]> {
  const rows: PeerRow[] = []
  for (const { method, peerName, start } of contenders) {
    if (methods.includes(method) && !wanted.includes(method)) continue
    onProgress(`${workload}, ${method}, ${backend}, threads: ${threads}`)
    const { step, gradients, dispose: stop } = start()
    const peer = python === undefined ? undefined : await startPeer<{ gradients: number }>('peers.py', python, threads)
    const theirs = (await peer?.load(peerName))?.gradients ?? gradients
    if (theirs !== gradients)
      throw new Error(
        `bench: expected the same network on both sides of ${peerName}, got ${gradients} numbers with a gradient and ` +
          `${theirs}.`
      )
    await step()
    const ourPeakMb = megabytes(await memoryPeakOf(step))
    const race = await inTurn(repeats, step, peer && (() => peer.step(peerName)))
    rows.push({
      workload,
      method,
      backend,
      threads,
      ...race,
      ourPeakMb,
      ...(peer && { peerPeakMb: megabytes(await peer.peak()) })
    })
    peer?.stop()
    stop()
  }
  return rows
}
