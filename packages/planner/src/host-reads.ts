import { observeKernels } from '@lapstrake/core'

/** Runs `f` and says where in the program it read tensors, each place once. */
export function hostReads<T>(f: () => T): { readonly result: T; readonly reads: readonly string[] } {
  const reads = new Set<string>()
  const stop = observeKernels({ read: () => reads.add(callerOf(new Error().stack ?? '')) })
  try {
    return { result: f(), reads: [...reads] }
  } finally {
    stop()
  }
}

/** The first line of the program that is neither TensorFlow.js's own nor who watches it. */
function callerOf(stack: string): string {
  const frames = stack
    .split('\n')
    .slice(2)
    .map(line => line.trim().replace(/^at /, ''))
  return frames.find(frame => !/tfjs|host-reads|<anonymous>$/.test(frame)) ?? frames[0] ?? 'an unknown place'
}
