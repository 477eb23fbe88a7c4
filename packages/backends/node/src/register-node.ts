import * as tf from '@tensorflow/tfjs-core'

/**
 * Starts TensorFlow's own library through `@tensorflow/tfjs-node-gpu`, else `@tensorflow/tfjs-node`, where one is installed.
 *
 * @returns what it runs on, in words
 * @throws Error in a browser, and one that says what to type when neither is installed, or its native library is missing
 */
export async function registerNode(): Promise<string> {
  if (typeof process === 'undefined' || !process.versions?.node) throw new Error('it needs Node')
  restoreTypeChecks()
  const failures: string[] = []
  for (const name of ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node']) {
    try {
      await import(/* webpackIgnore: true */ /* @vite-ignore */ name)
    } catch {
      failures.push(explain(name))
      continue
    }
    if (await tf.setBackend('tensorflow')) return `TensorFlow's library through ${name}`
    failures.push(`${name} is installed but did not start`)
  }
  // What was installed and failed says more than what is not there.
  throw new Error(failures.find(reason => !reason.includes('not installed')) ?? failures[1]!)
}

function explain(name: string): string {
  try {
    process.getBuiltinModule('node:module').createRequire(import.meta.url).resolve(name)
  } catch {
    return `${name} is not installed: npm install ${name}@4.22.0`
  }
  return `${name} is installed without its native library, whose download was refused or failed: npm rebuild ${name}, on a machine that may download it`
}

/** Node 23 took away functions that tfjs-node 4.22.0 still calls. */
function restoreTypeChecks(): void {
  const target = process.getBuiltinModule('node:util') as unknown as Record<string, unknown>
  target.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined
  target.isArray ??= Array.isArray
}
