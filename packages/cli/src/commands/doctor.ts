import { BackendUnavailable, useBackend, type BackendName } from 'lapstrake'
import { command, type Command } from '../terminal/command.ts'
import { quietly } from '../terminal/stop-quietly.ts'
import { table } from '../terminal/table.ts'

export const doctorCommand: Command = command({
  meta: { name: 'doctor', description: 'Says which backends work here, and what to type for those that do not.' },
  args: { json: { type: 'boolean', default: false, description: 'Print JSON' } },
  run: ({ args }) =>
    quietly(async () => {
      const found: Found[] = []
      for (const name of ['node', 'webgpu', 'wasm', 'cpu'] as const) found.push(await tried(name))
      const { name: backend, sentence } = await useBackend('auto')
      const { node } = process.versions
      const machine = `${process.platform} ${process.arch}`
      process.stdout.write(
        args.json
          ? `${JSON.stringify({ node, machine, backends: found, backend })}\n`
          : `Node ${node}, ${machine}\n${table(
              ['backend', '', 'self-test', 'what it is, or why not'],
              found.map(({ name, works, milliseconds, said }) => [
                ...[name, works ? 'works' : '–', `${milliseconds} ms`, said]
              ])
            )}\n\n${sentence}\n`
      )
      process.exit(0)
    })
})

/** A backend that was tried. */
interface Found {
  readonly name: BackendName
  readonly works: boolean
  /** Of its start and self-test. */
  readonly milliseconds: number
  /** What it is, or why it does not work. */
  readonly said: string
}

async function tried(name: BackendName): Promise<Found> {
  const began = performance.now()
  const found = await useBackend(name).then(
    ({ description }) => ({ works: true, said: description }),
    (error: Error) => ({
      works: false,
      said: error instanceof BackendUnavailable ? `${error.reason}.` : error.message
    })
  )
  return { name, milliseconds: Math.round(performance.now() - began), ...found }
}
