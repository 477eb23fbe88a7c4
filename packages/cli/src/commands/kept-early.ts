import { resolve } from 'node:path'
import { describeRun } from 'lapstrake'
import { decodeSafetensors, readWholeFile } from 'lapstrake/node'
import { runFiles, type OpenRun } from '@lapstrake/runs/node'
import { longer, stepsOf } from './train-given.ts'

/** A sentence where the weights of a run are not those that it ends with; nothing where they are. */
export async function keptEarly(folder: string, weights: string, run: OpenRun): Promise<readonly string[]> {
  const { manifest, experiment } = run
  const planned = stepsOf(longer(experiment, manifest.options), { size: manifest.examples })
  const step = await stepIn(resolve(folder, weights))
  if (step === undefined && (manifest.finished || weights !== runFiles.weights)) return []
  const taken = step ?? manifest.steps[0]
  if (manifest.finished && taken === manifest.steps[0]) return []
  const end = manifest.finished ? 'the run went on' : 'the run has not ended'
  return [`${resolve(folder, weights)} is as it was behind step ${taken} of ${planned}: ${end}.`]
}

/** The steps that a run had taken, where a file holds a whole one. */
async function stepIn(path: string): Promise<number | undefined> {
  const bytes = await readWholeFile(path)
  const { format } = decodeSafetensors(bytes, { name: path }).metadata
  return format?.startsWith('lapstrake-run-') === true ? describeRun(bytes, path).step : undefined
}
