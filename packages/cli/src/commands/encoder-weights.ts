import type { OpenRun } from '@lapstrake/runs/node'
import { dispose } from 'lapstrake'
import { serialiseTree } from 'lapstrake/node'

/**
 * The weights of an encoder as a file, under the names of PyTorch where the backbone has some there, and else under
 * those of its stages; and what they are, in words.
 */
export async function encoderWeights({
  manifest,
  experiment: { backbone },
  trained: stages
}: OpenRun): Promise<{ readonly file: Uint8Array; readonly names: string }> {
  const metadata = { format: 'lapstrake-encoder-1', recipe: manifest.name, backbone: backbone.name }
  if (backbone.stateDict === undefined) {
    const { names, how } = namesInFile(backbone.stages.map(({ name }) => name))
    const tree = Object.fromEntries(names.map((name, i) => [name, stages[i]]))
    return { file: await serialiseTree(tree, metadata), names: `weights by ${how} of the stages` }
  }
  const tensors = backbone.stateDict(stages)
  const file = await serialiseTree(tensors, metadata)
  dispose(tensors)
  return { file, names: 'weights by the names of PyTorch' }
}

/** The names of stages, or `<place>.<name>` for all of them where these could not be told apart in a file. */
function namesInFile(names: readonly string[]): { readonly names: readonly string[]; readonly how: string } {
  const areApart = new Set(names).size === names.length && names.every(name => name !== '' && !name.includes('.'))
  return areApart
    ? { names, how: 'the names' }
    : { names: names.map((name, i) => `${i}.${name}`), how: 'the places and names' }
}
