// Every loss, and exact large batches in small memory: npm run --silent bench:losses -- --json
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { useBackend } from 'lapstrake'
import { writeFileAtomic } from 'lapstrake/node'
import { chosenFrom, wholeNumber, wordsWithPeer } from './command-line.ts'
import { contenders } from './loss-contenders.ts'
import { measureRow, rowInOwnProcess, type Row } from './loss-rows.ts'
import { measureMicroBatch } from './micro-batch.ts'
import type { Answer } from './problem.ts'
import { measureTiles, type TilesResult } from './tiles.ts'
import { startPeer } from './torch-peer.ts'

const parts = ['losses', 'tiles', 'microBatch']

const { values } = parseArgs({
  args: wordsWithPeer(),
  options: {
    json: { type: 'boolean', default: false },
    losses: { type: 'string' },
    sizes: { type: 'string', default: '256,1024,4096' },
    tiles: { type: 'string', default: '1024,2048' },
    repeats: { type: 'string', default: '5' },
    backend: { type: 'string', default: 'wasm' },
    peer: { type: 'string' },
    threads: { type: 'string', default: '1' },
    only: { type: 'string', default: parts.join() },
    out: { type: 'string' },
    help: { type: 'boolean', default: false }
  }
})
if (values.help) {
  console.log(`npm run --silent bench:losses -- [--json] [--only losses,tiles,microBatch] [--losses NAME,…]
  [--sizes 256,1024,4096] [--tiles 1024,2048] [--repeats 5] [--backend wasm] [--peer [PYTHON]] [--threads 1]
  [--out FILE]
Losses, forward and backward to both views and to their own parameters; batches of --sizes examples in two views of 128
numbers (logits: 100, maps: 4 × 4 × 128). Medians, warm. Peaks are of tensors; what a kernel uses inside is not among
them.
Every loss and size has a process of its own. Both sides run on --threads threads. --peer measures PyTorch beside it,
step by step in turn. It wants the Python that has torch: /usr/bin/python3 when left out.
--tiles are batches for ntXent({ chunk }) beside ntXent() on the cpu backend; microBatch compares a batch of 1024 from
parts of 64 with itself at once.
--out writes the JSON to a file as well. The losses: ${contenders.map(({ name }) => name).join(', ')}.`)
  process.exit(0)
}
const only = chosenFrom('parts', parts, name => name, values.only)
const field = chosenFrom('losses', contenders, ({ name }) => name, values.losses)
const [repeats, ...sizes] = [values.repeats, ...values.sizes.split(',')].map(wholeNumber) as [number, ...number[]]
const onProgress = (message: string): void => console.error(message)

// A peer that is missing is said before any work is done.
const peer =
  values.peer === undefined || !only.includes('losses')
    ? undefined
    : await startPeer<Answer>('losses.py', values.peer, wholeNumber(values.threads))
if (peer?.warning !== undefined) onProgress(peer.warning)
const { sentence } = await useBackend(values.backend as 'wasm', { threads: wholeNumber(values.threads) })
onProgress(sentence)

const rows: Row[] = []
if (only.includes('losses')) {
  const alone = field.length * sizes.length === 1
  const same = [
    '--repeats',
    values.repeats,
    '--backend',
    values.backend,
    '--threads',
    values.threads,
    ...(values.peer === undefined ? [] : [`--peer=${values.peer}`])
  ]
  if (!alone) peer?.stop()
  for (const batch of sizes) {
    for (const contender of field) {
      onProgress(`${contender.name} at ${batch}`)
      rows.push(
        await (alone ? measureRow(contender, batch, repeats, peer) : rowInOwnProcess(contender.name, batch, same))
      )
    }
  }
  peer?.stop()
}
const tiles: TilesResult[] = []
if (only.includes('tiles'))
  for (const batch of values.tiles.split(',').map(wholeNumber))
    tiles.push(await measureTiles({ batch, chunk: 256, repeats, onProgress }))
const microBatch = only.includes('microBatch')
  ? await measureMicroBatch({ batch: 1024, part: 64, repeats, onProgress })
  : undefined

const results = {
  backend: sentence,
  machine: `${cpus()[0]!.model}, Node ${process.versions.node}`,
  repeats,
  peer: peer?.description,
  warning: peer?.warning,
  rows: rows.length > 0 ? rows : undefined,
  tiles: tiles.length > 0 ? tiles : undefined,
  microBatch
}
if (values.out !== undefined) await writeFileAtomic(values.out, `${JSON.stringify(results, null, 2)}\n`)
if (values.json) console.log(JSON.stringify(results))
else {
  if (results.peer !== undefined) {
    const warning = results.warning === undefined ? '' : `\n${results.warning}`
    console.log(`Beside ${results.peer}. ratio: their time over ours.${warning}`)
  }
  if (rows.length > 0) console.table(rows)
  for (const { tiled, whole, ...compared } of tiles) {
    console.table({ tiled, whole })
    console.log(compared)
  }
  if (microBatch !== undefined) {
    const { whole, parts, naive, ...compared } = microBatch
    console.table({ whole, parts, naive })
    console.log(compared)
  }
}
process.exit(0)
