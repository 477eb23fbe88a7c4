// The bits of twenty steps of every recipe, to hold beside those of another commit: npm run --silent bench:bits
import { readdirSync } from 'node:fs'
import { dispose, drawShapes, mapTeachers, train, useBackend, type Experiment, type TrainedTeacher } from 'lapstrake'
import { crc32c } from 'lapstrake/node'

const steps = 20
const recipes = new URL('../../../docs/recipes/', import.meta.url)
await useBackend('wasm', { threads: 1 })
const data = drawShapes({ count: 1280, size: 32 })
for (const file of readdirSync(recipes).filter(name => /^\d\d-.*\.ts$/.test(name))) {
  const { default: recipe } = (await import(new URL(file, recipes).href)) as { default: Experiment }
  const experiment: Experiment = {
    ...recipe,
    teacher:
      recipe.teacher &&
      mapTeachers<TrainedTeacher, TrainedTeacher>(recipe.teacher, teacher =>
        'trainedBy' in teacher ? { ...teacher, trainedBy: { ...teacher.trainedBy, epochs: 1 } } : teacher
      )
  }
  const stop = new AbortController()
  const losses: Readonly<Record<string, number>>[] = []
  const { state } = await train(
    { ...experiment, epochs: Infinity },
    {
      dataset: data,
      seed: 0,
      signal: stop.signal,
      diagnoseEvery: 0,
      onStep(metrics) {
        losses.push(metrics.losses)
        if (metrics.step === steps) stop.abort()
      }
    }
  )
  dispose(state)
  const last = Object.entries(losses.at(-1)!)
    .map(([unit, loss]) => `${unit} ${loss}`)
    .join(', ')
  console.log(
    `${file}: ${crc32c(JSON.stringify(losses)).toString(16).padStart(8, '0')} after ${losses.length} steps, ${last}`
  )
}
