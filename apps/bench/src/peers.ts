// Our step and PyTorch's, in turn: npm run --silent bench:peers -- --json --peer
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { useBackend } from 'lapstrake'
import { writeFileAtomic } from 'lapstrake/node'
import { chosenFrom, wholeNumber, wordsWithPeer } from './command-line.ts'
import { measureWorkload, methods, workloads, type PeerRow } from './peer-rows.ts'
import { errorLine, runAgain } from './run-again.ts'
import { startPeer } from './torch-peer.ts'

process.on('uncaughtException', error => {
  console.error(`${error.name}: ${error.message}`)
  process.exit(1)
})

const { values } = parseArgs({
  args: wordsWithPeer(),
  options: {
    json: { type: 'boolean', default: false },
    peer: { type: 'string' },
    workloads: { type: 'string' },
    methods: { type: 'string' },
    backends: { type: 'string', default: 'wasm' },
    threads: { type: 'string', default: '1,2' },
    repeats: { type: 'string', default: '9' },
    out: { type: 'string' },
    help: { type: 'boolean', default: false }
  }
})
if (values.help) {
  console.log(`npm run --silent bench:peers -- [--json] [--peer [PYTHON]]
  [--workloads ${workloads.map(({ name }) => name).join()}] [--methods ${methods.join()}] [--backends wasm,node]
  [--threads 1,2] [--repeats 9] [--out FILE]
Forward and backward, no optimizer, on the wasm backend, or on those named; --peer measures PyTorch beside it, step by
step in turn, on as many threads. It wants the Python that has torch: /usr/bin/python3 when left out. Medians, warm;
ratio is their time over ours.
small: four stages of two 3×3 convolutions of 32 channels, 32 images of 28 × 28 × 3 in two views. resnet18: for images
of 32 × 32 × 3, as many. Both with NT-Xent behind an MLP. PyTorch has each unit behind a detach and one backward for
each: stages that units share run again.
ntxent1024, ntxent4096: NT-Xent alone on two views of so many rows of 128 numbers; --methods are those of networks.
Every workload, backend and number of threads has a process of its own, and PyTorch one for each method. ourPeakMb: most
of the backend's memory in use during a warm step, weights and inputs included; beside wasm, of tensors alone.
peerPeakMb: most resident memory of the peer's process, Python and PyTorch included.
--out writes the JSON to a file as well.`)
  process.exit(0)
}
const chosen = chosenFrom('workloads', workloads, ({ name }) => name, values.workloads)
const wanted = chosenFrom('methods', methods, name => name, values.methods)
const backends = chosenFrom('backends', ['wasm', 'node', 'webgpu', 'cpu'] as const, name => name, values.backends)
const threadCounts = values.threads.split(',').map(wholeNumber)
const repeats = wholeNumber(values.repeats)
const onProgress = (message: string): void => console.error(message)
const alone = chosen.length * backends.length * threadCounts.length === 1

// A peer that is missing is said before any work is done.
const peers: string[] = []
const warnings = new Set<string>()
if (values.peer !== undefined) {
  for (const threads of threadCounts) {
    const { description, warning, stop } = await startPeer('peers.py', values.peer, threads)
    stop()
    peers.push(description)
    if (warning !== undefined) warnings.add(warning)
  }
}
if (alone) {
  for (const warning of warnings) onProgress(warning)
}

const rows: PeerRow[] = []
for (const workload of chosen) {
  for (const backend of backends) {
    for (const threads of threadCounts) {
      if (alone) {
        onProgress((await useBackend(backend, { threads })).sentence)
        rows.push(
          ...(await measureWorkload(workload, {
            methods: wanted,
            backend,
            threads,
            repeats,
            python: values.peer,
            onProgress
          }))
        )
      } else rows.push(...(await rowsInOwnProcess(workload.name, backend, threads)))
    }
  }
}

const results = {
  machine: `${cpus()[0]!.model}, Node ${process.versions.node}`,
  repeats,
  peers: peers.length > 0 ? peers : undefined,
  warnings: warnings.size > 0 ? [...warnings] : undefined,
  rows
}
if (values.out !== undefined) await writeFileAtomic(values.out, `${JSON.stringify(results, null, 2)}\n`)
if (values.json) console.log(JSON.stringify(results))
else {
  for (const line of [...peers.map(peer => `Beside ${peer}.`), ...warnings]) console.log(line)
  console.table(rows)
}
process.exit(0)

async function rowsInOwnProcess(workload: string, backend: string, threads: number): Promise<readonly PeerRow[]> {
  const same = [
    '--methods',
    wanted.join(),
    '--repeats',
    values.repeats,
    ...(values.peer === undefined ? [] : [`--peer=${values.peer}`])
  ]
  try {
    const result = await runAgain<{ rows: readonly PeerRow[] }>(
      [...same, '--workloads', workload, '--backends', backend, '--threads', String(threads), '--json'],
      { aloud: true }
    )
    return result.rows
  } catch (error) {
    throw new Error(
      `bench: expected rows of ${workload} on ${backend}, threads: ${threads}, got none: ${errorLine(error as Error)}`,
      { cause: error }
    )
  }
}
