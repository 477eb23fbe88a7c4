// What `lapstrake embed` makes of a folder of images, and its network alone beside PyTorch's.
import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { leaves, seeded } from 'lapstrake'
import { openRun } from 'lapstrake/node'
import { inTurn } from './in-turn.ts'
import { megabytes, rounded } from './measuring.ts'
import { startPeer } from './torch-peer.ts'

/** Heights of images, and how many of them run at once: what `embed` takes by itself. */
export const sizes = { 32: { batch: 64, stem: 'cifar' }, 224: { batch: 20, stem: 'imagenet' } } as const
export type Size = keyof typeof sizes

export interface EmbedRow {
  readonly size: Size
  readonly images: number
  readonly threads: number
  /** From the folder to the file: reading, decoding, the network, writing. */
  readonly imagesPerSecond: number
  /** Most resident memory of the process, where the system tells. */
  readonly peakMb?: number | undefined
}

export interface NetworkRow {
  readonly size: Size
  readonly threads: number
  readonly imagesPerSecond: number
  readonly peerImagesPerSecond?: number | undefined
  /** Ours over theirs: above 1 ours is faster. */
  readonly ratio?: number | undefined
}

const command = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url))

/** Runs a command of lapstrake in a process of its own. */
async function lapstrake(...given: readonly string[]): Promise<{ readonly stdout: string; readonly peakMb?: number }> {
  const child = spawn(process.execPath, [...process.execArgv, command, ...given], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr, peakMb]: [string, string, number | undefined] = ['', '', undefined]
  child.stdout.on('data', (chunk: Buffer) => (stdout += String(chunk)))
  child.stderr.on('data', (chunk: Buffer) => (stderr += String(chunk)))
  // The high-water mark that the system keeps: the last look before the end is what it came to.
  const look = async (): Promise<void> => {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '')
    const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(status) ?? []
    if (kilobytes !== undefined) peakMb = megabytes(1024 * Number(kilobytes))
  }
  const looking = setInterval(() => void look(), 20)
  const status = await new Promise<number | null>(resolve => child.on('close', resolve))
  clearInterval(looking)
  if (status !== 0)
    throw new Error(`bench: expected lapstrake ${given[0]} to work, but it ended with ${status}: ${stderr}`)
  return { stdout, ...(peakMb !== undefined && { peakMb }) }
}

/** The folder of a run of ResNet-18 that has hardly learned, which makes it no slower. */
export async function writeRun(folder: string, size: Size): Promise<string> {
  const [recipe, out] = [join(folder, `resnet18-${size}.ts`), join(folder, `run-${size}`)]
  await writeFile(
    recipe,
    `import { endToEnd, ntXent, projector, randomResizedCrop, resNet, sgd, shapes, twoViews } from 'lapstrake'
export default {
  name: 'resnet18', data: shapes({ limit: 2, size: ${size} }), batchSize: 2, epochs: 1,
  views: twoViews(randomResizedCrop({ size: ${size} })), backbone: resNet({ depth: 18, stem: '${sizes[size].stem}' }),
  isolation: endToEnd(), head: () => projector({ dims: [8] }), loss: () => ntXent(),
  optimizer: sgd({ learningRate: 1e-3 })
}
`
  )
  await lapstrake('train', recipe, '--backend', 'wasm', '--out', out)
  return out
}

export async function embedFolder(
  run: string,
  folder: string,
  { size, images, threads }: { readonly size: Size; readonly images: number; readonly threads: number }
): Promise<EmbedRow> {
  const out = join(run, '..', `features-${size}-${images}.npz`)
  const given = ['--out', out, '--limit', String(images), '--threads', String(threads), '--backend', 'wasm', '--json']
  const { stdout, peakMb } = await lapstrake('embed', run, folder, ...given)
  const told = JSON.parse(stdout) as { readonly images: number; readonly seconds: number }
  return { size, images: told.images, threads, imagesPerSecond: rounded(told.images / told.seconds), peakMb }
}

/** Batches through the network, the backend being set; in turn with those of a peer. */
export async function networkAlone(
  path: string,
  { size, threads, repeats, python }: { size: Size; threads: number; repeats: number; python: string | undefined }
): Promise<NetworkRow> {
  const run = await openRun(path)
  const { batch } = sizes[size]
  const images = seeded(1).uniform([batch, size, size, 3])
  const numbers = run.trained.flatMap(({ params }) => leaves(params)).reduce((sum, { size }) => sum + size, 0)
  const peer = python === undefined ? undefined : await startPeer<{ numbers: number }>('embed.py', python, threads)
  const theirs = (await peer?.load(String(size)))?.numbers ?? numbers
  if (theirs !== numbers)
    throw new Error(`bench: expected the same network on both sides, got ${numbers} numbers and ${theirs}.`)
  const step = async (): Promise<void> => {
    const features = run.encode(images, { pooled: true })
    await features.data()
    features.dispose()
  }
  const race = await inTurn(repeats, step, peer && (() => peer.step(String(size))))
  peer?.stop()
  images.dispose()
  run.dispose()
  const perSecond = (ms: number): number => rounded((1000 * batch) / ms)
  return {
    ...{ size, threads, imagesPerSecond: perSecond(race.oursMs) },
    ...(race.peerMs !== undefined && { peerImagesPerSecond: perSecond(race.peerMs), ratio: race.ratio })
  }
}
