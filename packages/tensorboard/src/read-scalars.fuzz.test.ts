import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeFuzz } from '@lapstrake/testing/node'
import { eventFile, histogram, image, readScalars, scalar } from './index.ts'
import { frame } from './records.ts'

/** Frames anew what the lengths of the records say. */
function restamp(input: Uint8Array): Uint8Array {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength)
  const records: Uint8Array[] = []
  for (let at = 0; at + 16 <= input.length; ) {
    const length = view.getUint32(at, true)
    records.push(frame(input.subarray(at + 12, at + 12 + length)))
    at += 16 + length
  }
  return new Uint8Array(Buffer.concat(records))
}

const folder = await mkdtemp(join(tmpdir(), 'lapstrake-'))
const events = await eventFile(folder)
for (let step = 1; step <= 3; step++) await events.write(step, [scalar('loss/unit0', 1 / step), scalar('é', NaN)])
const pixels = { data: Float32Array.of(0, 0.5, 1, 0.5), width: 2, height: 2, channels: 1 } as const
const pictures = await eventFile(folder, { after: 2 })
await pictures.write(3, [histogram('weights', [0.1, -0.3, 0.2]), image('view', pixels), scalar('x', 3)])
const inputs = [new Uint8Array(await readFile(events.path)), new Uint8Array(await readFile(pictures.path))]
await rm(folder, { recursive: true })

describeFuzz('events', {
  inputs,
  read: input => readScalars(input, { name: 'run.tfevents' }),
  restamp,
  allowed: /^run\.tfevents: expected .*\.$/s
})
