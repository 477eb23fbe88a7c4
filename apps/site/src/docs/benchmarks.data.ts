import { readFileSync } from 'node:fs'
import type { LoaderModule } from 'vitepress'
import { root } from './packages.ts'

/** One bar: who, how long, and what it says. */
export interface Bar {
  readonly who: string
  /** As long as this is of the longest bar beside it. */
  readonly value: number
  readonly said: string
}

/** Bars that are compared with each other. */
export interface Row {
  readonly name: string
  readonly bars: readonly Bar[]
  readonly note?: string | undefined
}

/** A table of a result file. */
export interface Group {
  readonly title: string
  readonly rows: readonly Row[]
}

/** What a result file or folder holds, and the command that made it. */
export interface Benchmark {
  readonly command: string
  /** What it ran on and beside what. */
  readonly conditions: readonly string[]
  readonly groups: readonly Group[]
}

/** What a page imports from here: the result of `load`. */
export declare const data: Readonly<Record<'peers' | 'peersNode' | 'kernels' | 'losses', Benchmark>>

const results = `${root}docs/results`
const read = <T>(file: string): T => JSON.parse(readFileSync(`${results}/${file}`, 'utf8')) as T

const time = (ms: number): string =>
  ms < 10 ? `${ms.toPrecision(2)} ms` : ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(2)} s`
const number = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3))
const grouped = <T>(list: readonly T[], key: (item: T) => string): [string, T[]][] =>
  [...new Set(list.map(key))].map(name => [name, list.filter(item => key(item) === name)])

function peers(file: string, options = ''): Benchmark {
  interface Step {
    workload: string
    method: string
    threads: number
    oursMs: number
    peerMs: number
    ratio: number
    ourPeakMb: number
    peerPeakMb: number
  }
  const { machine, repeats, peers, rows } = read<{ machine: string; repeats: number; peers: string[]; rows: Step[] }>(
    file
  )
  return {
    command: `npm run --silent bench:peers -- --peer${options} --repeats ${repeats}`,
    conditions: [machine, ...peers],
    groups: grouped(
      rows,
      ({ workload, threads }) => `${workload}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`
    ).map(([title, rows]) => ({
      title,
      rows: rows.map(({ method, oursMs, peerMs, ratio, ourPeakMb, peerPeakMb }) => ({
        name: method,
        bars: [
          { who: 'lapstrake', value: oursMs, said: time(oursMs) },
          { who: 'PyTorch', value: peerMs, said: time(peerMs) }
        ],
        note: `ratio ${ratio.toFixed(2)} · ${number(ourPeakMb)} MB, PyTorch ${number(peerPeakMb)} MB`
      }))
    }))
  }
}

function kernels(): Benchmark {
  interface Kernel {
    kernel: string
    shape: string
    unit: string
    ours: number
    tfjs: number | null
    ofPeak: number
  }
  const { machine, threads, peak, rows } = read<{
    machine: string
    threads: number
    peak: { gflops: number; copyGbs: number }
    rows: Kernel[]
  }>('kernels.json')
  return {
    command: 'npm run --silent bench:kernels',
    conditions: [
      `${machine}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
      `peak ${peak.gflops} GFLOP/s, copies at ${peak.copyGbs} GB/s`
    ],
    groups: grouped(rows, ({ unit }) => unit).map(([unit, rows]) => ({
      title: `${unit}, more is better`,
      rows: rows.map(({ kernel, shape, ours, tfjs, ofPeak }) => ({
        name: `${kernel}, ${shape}`,
        bars: [
          { who: 'lapstrake', value: ours, said: number(ours) },
          // TensorFlow.js has no such kernel for wasm.
          ...(typeof tfjs === 'number' ? [{ who: 'TensorFlow.js', value: tfjs, said: number(tfjs) }] : [])
        ],
        note: `${(100 * ofPeak).toFixed(0)} % of the peak`
      }))
    }))
  }
}

function losses(): Benchmark {
  interface LossTime {
    loss: string
    batch: number
    oursMs?: number | undefined
    peerMs?: number | undefined
    ratio?: number | undefined
    peakMb?: number | undefined
    skipped?: string | undefined
  }
  const { machine, backend, peer, repeats, rows } = read<{
    machine: string
    backend: string
    peer: string
    repeats: number
    rows: LossTime[]
  }>('losses.json')
  return {
    command: `npm run --silent bench:losses -- --peer --repeats ${repeats} --only losses`,
    conditions: [machine, backend, peer],
    groups: grouped(rows, ({ batch }) => `${batch.toLocaleString('en')} examples`).map(([title, rows]) => ({
      title,
      rows: rows.map(({ loss, oursMs, peerMs, ratio, peakMb, skipped }) => ({
        name: loss,
        bars: [
          ...(oursMs === undefined ? [] : [{ who: 'lapstrake', value: oursMs, said: time(oursMs) }]),
          ...(peerMs === undefined ? [] : [{ who: 'PyTorch', value: peerMs, said: time(peerMs) }])
        ],
        note:
          skipped ??
          [ratio === undefined ? [] : `ratio ${ratio.toFixed(2)}`, peakMb === undefined ? [] : `${number(peakMb)} MB`]
            .flat()
            .join(' · ')
      }))
    }))
  }
}

const loader: LoaderModule = {
  watch: [`${results}/**/*.json`],
  load: (): typeof data => ({
    peers: peers('peers.json'),
    peersNode: peers('peers-node.json', ' --backends node'),
    kernels: kernels(),
    losses: losses()
  })
}
export default loader
