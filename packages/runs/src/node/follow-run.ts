import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { StepMetrics } from '../step-metrics.ts'
import { stepsIn } from './step-log.ts'

/**
 * Reads the steps of a run as they are written down; each call reads what is new. A run that was resumed is read from
 * its beginning again.
 */
export function followRun(folder: string): () => Promise<readonly StepMetrics[]> {
  let [inode, offset, rest] = [-1, 0, Buffer.alloc(0)]
  let steps: StepMetrics[] = []
  return async () => {
    const file = await open(join(folder, 'run.jsonl')).catch(() => undefined)
    if (file === undefined) return steps
    try {
      const { ino, size } = await file.stat()
      if (ino !== inode || size < offset) [inode, offset, rest, steps] = [ino, 0, Buffer.alloc(0), []]
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - offset), 0, size - offset, offset)
      offset += bytesRead
      const text = Buffer.concat([rest, buffer.subarray(0, bytesRead)])
      const end = text.lastIndexOf('\n') + 1
      rest = text.subarray(end)
      for (const step of stepsIn(text.subarray(0, end).toString(), folder).steps) steps.push(step)
      return steps
    } finally {
      await file.close()
    }
  }
}
