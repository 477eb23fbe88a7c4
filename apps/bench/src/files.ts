// How long the listing of very many files takes, and how much memory: npm run --silent bench:files
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { openImageFolder, openWebDataset } from 'lapstrake/node'
import { wholeNumber } from './command-line.ts'
import { rounded } from './measuring.ts'
import { runAgain } from './run-again.ts'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000000' },
    json: { type: 'boolean', default: false },
    open: { type: 'string' },
    help: { type: 'boolean', default: false }
  }
})
if (values.help) {
  console.log(`npm run --silent bench:files -- [--count 1000000] [--json]
Makes a folder of so many empty files in a hundred classes and a tar archive of as many tiny members, and prints how
long each takes to open, when it is listed and when the list is remembered, and how far the memory rises at most.`)
  process.exit(0)
}
if (values.open !== undefined) {
  console.log(JSON.stringify(await opened(values.open)))
  process.exit(0)
}

interface Opened {
  readonly examples: number
  readonly seconds: number
  readonly megabytes: number
}

const count = wholeNumber(values.count)
const folder = await mkdtemp(join(tmpdir(), 'lapstrake-files-'))
process.env.XDG_CACHE_HOME = join(folder, 'cache')
try {
  console.error(`makes ${count} files and members`)
  writeFolder(join(folder, 'images'), count)
  await writeTar(join(folder, 'images.tar'), count)
  // What changed a moment ago is not remembered.
  await pause(2100)
  const rows = []
  for (const name of ['images', 'images.tar']) {
    for (const what of ['listed', 'remembered'])
      rows.push({ name, what, ...(await runAgain<Opened>(['--open', join(folder, name)])) })
  }
  if (values.json) console.log(JSON.stringify(rows))
  else console.table(rows)
} finally {
  await rm(folder, { recursive: true })
}

/** In a process of its own, for memory that was once taken is not given back. */
async function opened(path: string): Promise<Opened> {
  const [before, begun] = [process.memoryUsage().rss, performance.now()]
  const dataset = await (path.endsWith('.tar') ? openWebDataset(path, { size: 8 }) : openImageFolder(path, { size: 8 }))
  return {
    examples: dataset.size,
    seconds: rounded((performance.now() - begun) / 1000),
    megabytes: rounded((1024 * process.resourceUsage().maxRSS - before) / 1e6)
  }
}

function writeFolder(path: string, count: number): void {
  for (let label = 0; label < 100; label++) mkdirSync(join(path, `class-${label}`), { recursive: true })
  for (let i = 0; i < count; i++) writeFileSync(join(path, `class-${i % 100}`, `${String(i).padStart(8, '0')}.jpg`), '')
}

/** Images and classes of one byte each. */
async function writeTar(path: string, count: number): Promise<void> {
  const file = createWriteStream(path, { highWaterMark: 2 ** 24 })
  const member = Buffer.alloc(1024)
  member.write('ustar\u000000', 257)
  member.write('00000000001\0', 124)
  member.write('0000644\0', 100)
  member.write('0', 156)
  const some = Buffer.alloc(1024 * 1000)
  for (let start = 0; start < count; start += 1000) {
    const members = Math.min(1000, count - start)
    for (let i = 0; i < members; i++) {
      const example = Math.floor((start + i) / 2)
      const isImage = (start + i) % 2 === 0
      member.fill(0, 0, 100)
      member.write(`${String(example).padStart(8, '0')}.${isImage ? 'jpg' : 'cls'}`)
      member.write('        ', 148)
      let sum = 0
      for (let at = 0; at < 512; at++) sum += member[at]!
      member.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
      member.write(String(example % 10), 512)
      member.copy(some, 1024 * i)
    }
    if (!file.write(Buffer.from(some.subarray(0, 1024 * members))))
      await new Promise<void>(done => file.once('drain', done))
  }
  await new Promise<void>(done => file.end(Buffer.alloc(1024), done))
}
