import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const main = join(root, 'packages/cli/src/main.ts')
let folder: string

/** What a cluster has by these names: steps that run here, and a queue that only writes down what it is asked. */
const commands: Readonly<Record<string, string>> = {
  srun: 'exec "$@"',
  scontrol: 'echo "$*" >> asked',
  lapstrake: `echo $$ > pid; exec "${process.execPath}" --conditions=@lapstrake/source --import tsx "${main}" "$@"`
}

beforeAll(() => {
  folder = mkdtempSync(join(root, 'node_modules/.lapstrake-slurm-'))
  mkdirSync(join(folder, 'bin'))
  for (const [name, body] of Object.entries(commands)) {
    writeFileSync(join(folder, 'bin', name), `#!/bin/bash\n${body}\n`)
    chmodSync(join(folder, 'bin', name), 0o755)
  }
  writeFileSync(
    join(folder, 'long.ts'),
    `import { convNet, greedy, ntXent, projector, randomResizedCrop, sgd, shapes, twoViews } from 'lapstrake'
    export default {
      name: 'long', data: shapes({ limit: 64 }), batchSize: 16, epochs: 10_000,
      views: twoViews(randomResizedCrop({ size: 28 })), backbone: convNet({ widths: [4], strides: [4], layers: 1 }),
      isolation: greedy(), head: () => projector({ dims: [8] }), loss: () => ntXent(),
      optimizer: sgd({ learningRate: 0.1 })
    }`
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs the job, and ends it as Slurm does before its time is over. */
async function ended(): Promise<{ readonly status: number | null; readonly said: string }> {
  const job = spawn('bash', [join(import.meta.dirname, 'slurm/train.sbatch'), 'long.ts'], {
    cwd: folder,
    env: {
      ...process.env,
      PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
      ...{ SLURM_JOB_ID: '8', SLURM_ARRAY_JOB_ID: '7', SLURM_ARRAY_TASK_ID: '1', SLURM_CPUS_PER_TASK: '1' }
    }
  })
  let [said, asked] = ['', false]
  job.stderr.on('data', (chunk: Buffer) => {
    said += String(chunk)
    if (asked || !said.includes('/40000')) return
    asked = true
    process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), 'SIGTERM')
  })
  return new Promise(resolve => job.on('close', status => resolve({ status, said })))
}

test.skipIf(!existsSync('/bin/bash'))('a job that is ended saves, is queued again, and goes on', async () => {
  const first = await ended()
  expect([first.status, readFileSync(join(folder, 'asked'), 'utf8')]).toEqual([0, 'requeue 7_1\n'])
  expect(first.said).toContain('Saved runs/long-1, interrupted at step')
  const second = await ended()
  expect(second.said).toContain('Going on behind step')
  expect(second.said).toContain('Saved runs/long-1, interrupted at step')
})
