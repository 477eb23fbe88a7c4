import { checkOptions } from '@lapstrake/core/options'
import * as tf from '@tensorflow/tfjs-core'
import { mendKernels } from './mend-kernels.ts'

/** As many as TensorFlow's library starts without harm: it makes them all at once. */
const mostThreads = 256

export interface RegisterNodeOptions {
  /**
   * Threads of each operation, if the library has not started yet: as many as processors, when left out; at most 256.
   */
  readonly threads?: number | undefined
}

/**
 * Starts TensorFlow's own library through `@tensorflow/tfjs-node-gpu`, else `@tensorflow/tfjs-node`, where one is
 * installed, and gives it the kernels that training needs and it lacks.
 *
 * @returns what it runs on, in words
 * @throws RangeError if `threads` is not a whole number from 1 to 256
 * @throws Error in a browser, and one that says what to type when neither is installed, or its native library is
 * missing
 */
export async function registerNode(options: RegisterNodeOptions = {}): Promise<string> {
  checkOptions<RegisterNodeOptions>('registerNode', options, { threads: 'number' })
  const { threads } = options
  if (typeof process === 'undefined' || !process.versions?.node) throw new Error('it needs Node')
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= mostThreads)) {
    throw new RangeError(
      `registerNode: expected threads to be a whole number from 1 to ${mostThreads}, got ${threads}. ` +
        'Take as many as there are processors.'
    )
  }
  restoreTypeChecks()
  // The library reads these once, as it loads. Warnings are still printed.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '1'
  if (threads !== undefined) process.env['TF_NUM_INTRAOP_THREADS'] = String(threads)
  const failures: Failure[] = []
  for (const name of ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node']) {
    try {
      await import(/* webpackIgnore: true */ /* @vite-ignore */ name)
    } catch {
      failures.push(explain(name))
      continue
    }
    if (await tf.setBackend('tensorflow')) {
      mendKernels()
      return `TensorFlow's library through ${name}`
    }
    failures.push({ isInstalled: true, why: `${name} is installed but did not start` })
  }
  // What was installed and failed says more than what is not there.
  const { why } = failures.find(({ isInstalled }) => isInstalled) ?? failures[1]!
  throw new Error(why)
}

/** Why a package could not be had. */
interface Failure {
  readonly isInstalled: boolean
  readonly why: string
}

function explain(name: string): Failure {
  try {
    process
      .getBuiltinModule('node:module')
      .createRequire(import.meta.url)
      .resolve(name)
  } catch {
    return { isInstalled: false, why: `${name} is not installed: npm install ${name}@4.22.0` }
  }
  const build = `npx lapstrake-build-tfjs-node${name.endsWith('-gpu') ? ' --gpu' : ''}`
  const why =
    `${name} is installed without its native library, whose download was refused or failed: ` +
    `npm rebuild ${name}, on a machine that may download it, or ${build}, which needs PyPI alone`
  return { isInstalled: true, why }
}

/** Node 23 took away functions that tfjs-node 4.22.0 still calls. */
function restoreTypeChecks(): void {
  const target: Record<string, unknown> = process.getBuiltinModule('node:util')
  target.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined
  target.isArray ??= Array.isArray
}
