import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** The folder of the repository. */
export const root: string = new URL('../../../..', import.meta.url).pathname

/** What to spawn for a command of lapstrake. */
export const command = (...given: string[]): [program: string, given: string[]] => [
  process.execPath,
  ['--conditions=@lapstrake/source', '--import', 'tsx', join(root, 'packages/cli/src/main.ts'), ...given]
]

export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** What a shell has; the variables left out change what is printed. */
export const environment: NodeJS.ProcessEnv = {
  ...process.env,
  CI: undefined,
  TEST: undefined,
  NO_COLOR: undefined,
  npm_lifecycle_event: undefined,
  // Rows of tables whole.
  COLUMNS: '200'
}

/** Runs a command with some variables changed. */
export const lapstrakeWith = (change: NodeJS.ProcessEnv, ...given: string[]): Ended =>
  spawnSync(...command(...given), { cwd: root, encoding: 'utf8', timeout: 60_000, env: { ...environment, ...change } })

/** Runs a command from a folder. */
export const lapstrakeIn = (cwd: string, ...given: string[]): Ended =>
  spawnSync(...command(...given), { cwd, encoding: 'utf8', timeout: 60_000, env: environment })

/** Runs a command. */
export const lapstrake = (...given: string[]): Ended => lapstrakeWith({}, ...given)

/** A recipe that trains in seconds: twelve steps, two stages, one unit. */
export const tinyRecipe = (change = ''): string => `
import * as tf from '@tensorflow/tfjs-core'
import { convNet, crd, ntXent, overlapping, projector, randomResizedCrop, sgd, shapes, twoViews } from 'lapstrake'
const experiment = {
  name: 'tiny', data: shapes({ limit: 64 }), batchSize: 16, epochs: 3,
  views: twoViews(randomResizedCrop({ size: 28 })),
  backbone: convNet({ widths: [4, 6], strides: [4, 2], layers: 1 }), isolation: overlapping(),
  head: () => projector({ dims: [8] }), loss: () => ntXent(), optimizer: sgd({ learningRate: 0.1 })
}
let calls = 0
export default { ...experiment, ${change} }
`
