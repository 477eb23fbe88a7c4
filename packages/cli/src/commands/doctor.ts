import { BackendUnavailable, useBackend, type BackendName } from 'lapstrake'
import { command, type Command } from '../terminal/command.ts'
import { table } from '../terminal/table.ts'

export const doctorCommand: Command = command({
  meta: { name: 'doctor', description: 'Says which backends work here, and what to type for those that do not.' },
  async run() {
    const rows: string[][] = []
    for (const name of ['node', 'webgpu', 'wasm', 'cpu'] as const satisfies readonly BackendName[]) {
      const began = performance.now()
      const found = await useBackend(name).then(
        ({ description }) => ['works', description],
        (error: Error) => ['–', error instanceof BackendUnavailable ? `${error.reason}.` : error.message]
      )
      rows.push([name, found[0]!, `${(performance.now() - began).toFixed(0)} ms`, found[1]!])
    }
    process.stdout.write(`Node ${process.versions.node}, ${process.platform} ${process.arch}\n`)
    process.stdout.write(`${table(['backend', '', 'self-test', 'what it is, or why not'], rows)}\n`)
    const { sentence } = await useBackend('auto')
    process.stdout.write(`\n${sentence}\n`)
    process.exit(0)
  }
})
