import { dispose, shapes, train, useBackend, type Dataset, type Experiment } from 'lapstrake'
import { evaluate } from './evaluate.ts'
import { modules } from './modules.ts'
import type { Command, DataChoice, RunEvent, RunRequest } from './protocol.ts'
import { recipes } from './recipes.ts'

const tell = (event: RunEvent): void => postMessage(event)

async function run({ recipe, source, data, seed, backend, acceptSoftware = false, steps = Infinity }: RunRequest): Promise<void> {
  const { default: experiment } = evaluate(recipe, { ...recipes, [recipe]: source }, modules) as { default?: Experiment }
  if (experiment === undefined) throw new Error('recipe: expected a default export, an experiment. End the file with: export default recipe')
  const { name, description, refused } = await useBackend(backend, { acceptSoftware })
  tell({ kind: 'backend', name, description, refused })
  const dataset = await open(data)
  tell({ kind: 'data', name: dataset.name, size: dataset.size, shape: dataset.shape, classes: dataset.classes, skipped: [] })
  const end = new AbortController()
  const { state, interrupted } = await train(experiment, dataset, {
    seed, signal: end.signal,
    onWarning: message => tell({ kind: 'warning', message }),
    onStep(metrics) {
      tell({ kind: 'step', metrics })
      if (metrics.step >= steps) end.abort()
    }
  })
  tell({ kind: 'done', steps: state.step, interrupted })
  dispose(state)
}

async function open(_: DataChoice): Promise<Dataset> {
  return shapes({ count: 2000, length: 32 })
}

onmessage = ({ data: command }: MessageEvent<Command>) => {
  if (command.kind === 'ping') tell({ kind: 'alive' })
  if (command.kind !== 'start') return
  run(command.request).catch((error: unknown) => tell({ kind: 'error', blame: 'training', message: error instanceof Error ? error.message : String(error) }))
}
