// How fast features of images are made, and found again: npm run --silent bench:embed -- --json --peer
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { useBackend } from 'lapstrake'
import { chosenFrom, wholeNumber, wordsWithPeer } from './command-line.ts'
import { embedFolder, networkAlone, sizes, writeRun, type EmbedRow, type NetworkRow, type Size } from './embed-rows.ts'
import { writeImages } from './image-files.ts'
import { errorLine, runAgain } from './run-again.ts'
import { searchRows } from './search-rows.ts'

process.on('uncaughtException', error => {
  console.error(`${error.name}: ${error.message}`)
  process.exit(1)
})

const { values } = parseArgs({
  args: wordsWithPeer(),
  options: {
    json: { type: 'boolean', default: false },
    peer: { type: 'string' },
    sizes: { type: 'string' },
    images: { type: 'string' },
    threads: { type: 'string', default: '1,2' },
    repeats: { type: 'string', default: '9' },
    index: { type: 'boolean', default: false },
    rows: { type: 'string', default: '100000' },
    beside: { type: 'string' },
    alone: { type: 'string' },
    help: { type: 'boolean', default: false }
  }
})
if (values.help) {
  console.log(`npm run --silent bench:embed -- [--json] [--peer [PYTHON]] [--sizes 32,224] [--images N] [--threads 1,2]
  [--repeats 9]
Draws JPEG files, 10,000 of 32 × 32 and 1,000 of 224 × 224 or --images of each, and has lapstrake embed make features
of them by ResNet-18 on the wasm backend: images a second from the folder to the file, and the most resident memory of
the process, for all of them and for a tenth.
Then the network alone, batches of 64 and of 20; --peer measures the same network in PyTorch, batch by batch in turn,
on as many threads. It wants the Python that has torch: /usr/bin/python3 when left out. ratio is ours over theirs.
npm run --silent bench:embed -- --index [--rows 100000] [--threads 2] [--beside FOLDER]
The ten nearest of so many rows of 128 numbers: of one question, and of a thousand together. --beside names a folder in
which hnswlib-node is installed, and measures that, too.`)
  process.exit(0)
}
const chosen = chosenFrom('sizes', Object.keys(sizes).map(Number) as Size[], String, values.sizes)
const threadCounts = values.threads.split(',').map(text => wholeNumber(text))
const repeats = wholeNumber(values.repeats)
const machine = `${cpus()[0]!.model}, Node ${process.versions.node}`

if (values.index) {
  await useBackend('wasm', { threads: threadCounts.at(-1) })
  print(await searchRows(wholeNumber(values.rows), 128, values.beside))
} else if (values.alone !== undefined) {
  const [size, threads] = [chosen[0]!, threadCounts[0]!]
  await useBackend('wasm', { threads })
  console.log(JSON.stringify(await networkAlone(values.alone, { size, threads, repeats, python: values.peer })))
} else {
  // Recipes import lapstrake, which is found from here.
  const here = fileURLToPath(new URL('../../../node_modules/', import.meta.url))
  const folder = await mkdtemp(join(here, '.lapstrake-embed-'))
  try {
    print(...(await measured(folder)))
  } finally {
    await rm(folder, { recursive: true })
  }
}
process.exit(0)

async function measured(folder: string): Promise<readonly [EmbedRow[], NetworkRow[]]> {
  const [embedding, alone]: [EmbedRow[], NetworkRow[]] = [[], []]
  for (const size of chosen) {
    const count = values.images === undefined ? (size === 32 ? 10_000 : 1000) : wholeNumber(values.images, 10)
    console.error(`draws ${count} images of ${size} × ${size}`)
    const images = join(folder, `images-${size}`)
    await writeImages(images, count, size)
    const run = await writeRun(folder, size)
    for (const threads of threadCounts) {
      console.error(`${size} × ${size}, threads: ${threads}`)
      for (const some of [Math.floor(count / 10), count])
        embedding.push(await embedFolder(run, images, { size, images: some, threads }))
      const same = ['--sizes', String(size), '--threads', String(threads), '--repeats', String(repeats)]
      const peer = values.peer === undefined ? [] : [`--peer=${values.peer}`]
      alone.push(
        await runAgain<NetworkRow>(['--alone', run, ...same, ...peer], { aloud: true }).catch((error: Error) => {
          throw new Error(`bench: expected a row of the network alone, got none: ${errorLine(error)}`, { cause: error })
        })
      )
    }
  }
  return [embedding, alone]
}

function print(...tables: readonly (readonly object[])[]): void {
  if (values.json) console.log(JSON.stringify({ machine, rows: tables.flat() }))
  else for (const rows of tables) console.table(rows)
}
