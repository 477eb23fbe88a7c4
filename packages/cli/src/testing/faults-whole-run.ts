import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseManifest, stepsIn } from '@lapstrake/runs/node'
import { readScalars } from 'lapstrake/node'

/** What of a finished run does not depend on the clock, by name: the bytes of a file, or what it says. */
export type WholeRun = Readonly<Record<string, string>>

/** Reads a run's folder. What else lies there is named, too. */
export function wholeRun(folder: string): WholeRun {
  const files = filesOf(folder)
  const events = files.filter(file => file.startsWith('tensorboard/events'))
  return {
    ...Object.fromEntries(files.filter(file => !events.includes(file)).map(file => [file, saidBy(folder, file)])),
    ...curvesOf(events.map(file => readFileSync(join(folder, file))))
  }
}

/** The names of what differs. */
export const differing = (a: WholeRun, b: WholeRun): readonly string[] =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(name => a[name] !== b[name])

/** The files below a folder, by their paths from there; none where it is not. */
export function filesOf(folder: string): readonly string[] {
  const entries = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : []
  const files = entries.filter(entry => entry.isFile())
  return files.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1)).sort()
}

function saidBy(folder: string, file: string): string {
  const path = join(folder, file)
  const bytes = readFileSync(path)
  if (file === 'run.jsonl') {
    const { steps, cut, damaged } = stepsIn(bytes.toString(), path)
    return JSON.stringify([cut, damaged, steps.map(({ step, epoch, losses }) => [step, epoch, losses])])
  }
  if (file !== 'manifest.json') return bytes.toString('latin1')
  const { started: _, options: __, checksums, ...manifest } = parseManifest(bytes.toString(), path)
  return JSON.stringify({ ...manifest, recipe: checksums['recipe.mjs'] })
}

/**
 * What TensorBoard shows of files in the order of their names: a session that begins forgets what was there of its
 * step and behind.
 */
function curvesOf(files: readonly Uint8Array[]): WholeRun {
  const curves = new Map<string, Map<number, number>>()
  for (const file of files) {
    const points = readScalars(file).filter(({ tag }) => !tag.startsWith('step/'))
    const first = Math.min(...points.map(({ step }) => step))
    for (const curve of curves.values()) for (const step of curve.keys()) if (step >= first) curve.delete(step)
    for (const { step, tag, value } of points) {
      const curve = curves.get(tag) ?? new Map<number, number>()
      curves.set(tag, curve.set(step, value))
    }
  }
  // Whoever looks at a step that another run did not end at has one point more of what is looked at.
  const losses = [...curves].filter(([tag]) => tag.startsWith('loss/'))
  return Object.fromEntries(losses.map(([tag, curve]) => [`TensorBoard's ${tag}`, JSON.stringify([...curve])]))
}
