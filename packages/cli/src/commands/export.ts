import { join } from 'node:path'
import { toOnnx } from '@lapstrake/onnx'
import { dispose, useBackend, type BackendName } from 'lapstrake'
import { openRun, type OpenRun, writeOwnFile } from '@lapstrake/runs/node'
import { serialiseTree } from 'lapstrake/node'
import { command, type Command } from '../terminal/command.ts'
import { checkFolderFor } from '../terminal/folder-for.ts'
import { quietly } from '../terminal/stop-quietly.ts'
import { lengthGiven } from '../terminal/whole-number.ts'

const backends = ['wasm', 'cpu'] as const

export const exportCommand: Command = command({
  meta: {
    name: 'export',
    description: 'Writes the encoder of a run for other programs: weights as safetensors, the network as ONNX.'
  },
  args: {
    run: { type: 'positional', required: true, description: 'The folder of a run' },
    weights: {
      type: 'string',
      default: 'weights.safetensors',
      description: 'The file of the run to read, such as best.safetensors'
    },
    out: {
      type: 'string',
      description: 'Folder for encoder.safetensors and encoder.onnx; that of the run when left out'
    },
    size: {
      type: 'string',
      description: 'Height and width of the images that the ONNX file takes; those of the data when left out'
    },
    backend: {
      type: 'string',
      default: 'wasm',
      description: `${backends.join(' or ')}: where the network runs once, to be written down`
    }
  },
  run: ({ args }) =>
    quietly(async () => {
      const { run: folder, backend, out = folder } = args
      if (!backends.some(name => name === backend))
        throw new Error(`export: expected the backend ${backends.join(' or ')}, got ${backend}. Leave it out.`)
      const size = lengthGiven('--size', args.size)
      if (args.out !== undefined) await checkFolderFor('export', '--out', out)
      await useBackend(backend as BackendName)
      const run = await openRun(folder, { weights: args.weights })
      run.notes.forEach(note => process.stderr.write(`${note}\n`))
      const weights = await weightsOf(run)
      for (const { name, file, what } of [
        { name: 'encoder.safetensors', file: weights.file, what: weights.names },
        ...onnxOf(run, size)
      ]) {
        await writeOwnFile(join(out, name), file)
        process.stdout.write(`${join(out, name)}   ${(file.length / 1e6).toFixed(1)} MB   ${what}\n`)
      }
      process.exit(0)
    })
})

/** The network as ONNX, for images; for other inputs nothing, which is said. */
function onnxOf(
  { manifest: { name, inputShape: own }, network, trained }: OpenRun,
  size: number | undefined
): readonly { readonly name: string; readonly file: Uint8Array; readonly what: string }[] {
  const [height, width, channels] = own
  if (own.length !== 3) {
    process.stderr.write(
      `No encoder.onnx: it is written for images, [height, width, channels], and this run learned from inputs of ` +
        `[${own.join(', ')}].\n`
    )
    return []
  }
  const inputShape = [size ?? height!, size ?? width!, channels!]
  const file = toOnnx(images => network.encode(trained, images), {
    inputShape,
    name,
    metadata: { recipe: name, layout: 'NHWC' }
  })
  return [{ name: 'encoder.onnx', file, what: `images [batch, ${inputShape.join(', ')}] to features` }]
}

/** Under the names of PyTorch where the backbone has some there, and else under those of its stages. */
async function weightsOf({
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
