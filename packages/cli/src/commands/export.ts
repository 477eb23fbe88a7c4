import { join } from 'node:path'
import { toOnnx } from '@lapstrake/onnx'
import { networkOf, serialiseEncoder, useBackend, type BackendName } from 'lapstrake'
import { openRun, type OpenRun, writeOwnFile } from '@lapstrake/runs/node'
import { command, type Command } from '../terminal/command.ts'
import { checkFolderFor } from '../terminal/folder-for.ts'
import { quietly } from '../terminal/stop-quietly.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { lengthGiven } from '../terminal/whole-number.ts'
import { encoderWeights } from './encoder-weights.ts'

const backends = ['wasm', 'cpu'] as const

export const exportCommand: Command = command({
  meta: {
    name: 'export',
    description: 'Writes the encoder of a run: to load in Node and in pages, its weights for PyTorch, and as ONNX.'
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
      description: 'Folder for network.safetensors, encoder.safetensors and encoder.onnx; that of the run when left out'
    },
    size: {
      type: 'string',
      description: 'Height and width of the images that the network and ONNX take; those of the data when left out'
    },
    backend: {
      type: 'string',
      default: 'wasm',
      description: `${backends.join(' or ')}: where the network runs once, to be written down`
    },
    json: { type: 'boolean', default: false, description: 'Print JSON' }
  },
  run: ({ args }) =>
    quietly(async () => {
      const { run: folder, backend, out = folder } = args
      if (!backends.some(name => name === backend))
        throw new UsageError(`export: expected the backend ${backends.join(' or ')}, got ${backend}. Leave it out.`)
      const size = lengthGiven('--size', args.size)
      if (args.out !== undefined) await checkFolderFor('export', '--out', out)
      await useBackend(backend as BackendName)
      const run = await openRun(folder, { weights: args.weights })
      run.notes.forEach(note => process.stderr.write(`${note}\n`))
      const weights = await encoderWeights(run)
      const files = [
        ...(await orSaid('network.safetensors', () => networkOfRun(run, size))),
        { name: 'encoder.safetensors', file: weights.file, what: weights.names },
        ...(await orSaid('encoder.onnx', () => onnxOf(run, size)))
      ].map(({ name, file, what }) => ({ path: join(out, name), file, bytes: file.length, what }))
      for (const { path, file, bytes, what } of files) {
        await writeOwnFile(path, file)
        if (!args.json) process.stdout.write(`${path}   ${(bytes / 1e6).toFixed(1)} MB   ${what}\n`)
      }
      if (args.json)
        process.stdout.write(
          `${JSON.stringify({ run: folder, files: files.map(({ path, bytes, what }) => ({ path, bytes, what })) })}\n`
        )
      process.exit(0)
    })
})

interface Written {
  readonly file: Uint8Array
  readonly what: string
}

/** A file under its name; nothing where the network cannot be written so, which is said. */
async function orSaid(
  name: string,
  write: () => Written | Promise<Written>
): Promise<readonly (Written & { readonly name: string })[]> {
  try {
    return [{ name, ...(await write()) }]
  } catch (error) {
    process.stderr.write(`No ${name}: ${(error as Error).message}\n`)
    return []
  }
}

/** What `loadEncoder` opens. */
async function networkOfRun(run: OpenRun, size: number | undefined): Promise<Written> {
  const inputShape = shapeOf(run, size)
  const network = networkOf(run.experiment.backbone, inputShape)
  const file = await serialiseEncoder(network, run.trained, { name: run.manifest.name })
  return { file, what: `[batch, ${inputShape.join(', ')}] to features, for loadEncoder` }
}

function onnxOf(run: OpenRun, size: number | undefined): Written {
  const { manifest, network, trained } = run
  const inputShape = shapeOf(run, size)
  if (inputShape.length !== 3) {
    throw new Error(
      `it is written for images, [height, width, channels], and this run learned from inputs of ` +
        `[${inputShape.join(', ')}].`
    )
  }
  const { name } = manifest
  const metadata = { recipe: name, layout: 'NHWC' }
  const file = toOnnx(images => network.encode(trained, images), { inputShape, name, metadata })
  return { file, what: `images [batch, ${inputShape.join(', ')}] to features` }
}

/** What goes into the network, of another size where that is asked for. */
const shapeOf = ({ manifest: { inputShape } }: OpenRun, size: number | undefined): readonly number[] =>
  size === undefined || inputShape.length !== 3 ? inputShape : [size, size, inputShape[2]!]
