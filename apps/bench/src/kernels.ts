// Hot kernels beside those of TensorFlow.js's own wasm backend and what the machine can do: npm run --silent
// bench:kernels -- --json
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { useBackend } from 'lapstrake'
import { writeFileAtomic } from 'lapstrake/node'
import { chosenFrom, wholeNumber } from './command-line.ts'
import { hotKernels, prepared, type HotKernel } from './hot-kernels.ts'
import { startProgram } from './line-program.ts'
import { machinePeak } from './machine-peak.ts'
import { rounded } from './measuring.ts'

interface Row extends Pick<HotKernel, 'kernel' | 'shape' | 'unit'> {
  readonly ours: number | null
  /** Nothing where it has no such kernel. */
  readonly tfjs: number | null
  /** Ours over the machine's peak on as many threads. */
  readonly ofPeak: number | null
}

process.on('uncaughtException', error => {
  console.error(`${error.name}: ${error.message}`)
  process.exit(1)
})

const names = [...new Set(hotKernels.map(({ kernel }) => kernel))]
const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    threads: { type: 'string', default: '1' },
    repeats: { type: 'string', default: '5' },
    only: { type: 'string' },
    direct: { type: 'boolean', default: false },
    out: { type: 'string' },
    help: { type: 'boolean', default: false }
  }
})
if (values.help) {
  console.log(`npm run --silent bench:kernels -- [--json] [--threads 1] [--repeats 5] [--only NAME,…] [--direct]
  [--out FILE]
GFLOP/s or GB/s of the wasm backend's kernels, of those of @tensorflow/tfjs-backend-wasm, and of this machine. The
fastest of many runs, in --repeats turns of one side and the other. Bytes are those of each input and each result once,
and for batch normalisation of each time that a map must be read; operations of a convolution are those of its
definition, however it is computed; with --direct it is computed as defined, not by squares.
peak is what one thread of WebAssembly does at best: ten multiply-adds of four numbers side by side, and memory.copy of
64 MB, read and written.
ofPeak: ours over --threads times that. Threads share the memory, so GB/s are not to reach it; sums, which only read,
may pass it. TensorFlow.js has one thread in Node.
--out writes the JSON to a file as well. The kernels: ${names.join(', ')}.`)
  process.exit(0)
}
const only = chosenFrom('kernels', names, name => name, values.only)
const repeats = wholeNumber(values.repeats)
const threads = wholeNumber(values.threads)
const onProgress = (message: string): void => console.error(message)

const peak = await machinePeak()
onProgress(`Peak of one thread: ${rounded(peak.gflops)} GFLOP/s, ${rounded(peak.copyGbs)} GB/s`)
onProgress((await useBackend('wasm', { threads, winograd: !values.direct })).sentence)
const tfjs = startProgram(process.execPath, [
  ...process.execArgv,
  fileURLToPath(new URL('tfjs-kernels.ts', import.meta.url))
])

const rows: Row[] = []
for (const [place, hot] of hotKernels.entries()) {
  const { kernel, shape, unit, work } = hot
  if (!only.includes(kernel)) continue
  onProgress(`${kernel}, ${shape}`)
  const mine = prepared(hot)
  const { missing } = await tfjs.ask<{ missing: boolean }>({ load: place })
  let [ours, theirs] = [Infinity, Infinity]
  for (let repeat = 0; repeat < repeats; repeat++) {
    if (mine) ours = Math.min(ours, mine.fastest())
    if (!missing) theirs = Math.min(theirs, (await tfjs.ask<{ ms: number }>({ time: true })).ms)
  }
  mine?.dispose()
  const speed = (ms: number): number => work / ms / 1e6
  const most = threads * (unit === 'GFLOP/s' ? peak.gflops : peak.copyGbs)
  rows.push({
    kernel,
    shape,
    unit,
    ours: mine ? rounded(speed(ours)) : null,
    tfjs: missing ? null : rounded(speed(theirs)),
    ofPeak: mine ? rounded(speed(ours) / most) : null
  })
}
tfjs.stop()

const results = {
  machine: `${cpus()[0]!.model}, Node ${process.versions.node}`,
  threads,
  peak: { gflops: rounded(peak.gflops), copyGbs: rounded(peak.copyGbs) },
  rows
}
if (values.out !== undefined) await writeFileAtomic(values.out, `${JSON.stringify(results, null, 2)}\n`)
if (values.json) console.log(JSON.stringify(results))
else console.table(rows)
process.exit(0)
