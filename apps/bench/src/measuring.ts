import * as tf from '@tensorflow/tfjs-core'
import { meterMemory } from 'lapstrake'

/** The middle one. */
export const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!

/** Milliseconds that a step takes. */
export async function timed(step: () => unknown): Promise<number> {
  const began = performance.now()
  await step()
  return performance.now() - began
}

/**
 * Most bytes of living tensors during a step, above rest; data that tensors share counts once. What a kernel uses
 * inside is not seen.
 */
export async function peakOf(step: () => unknown): Promise<number> {
  const meter = meterMemory()
  try {
    await step()
    return meter.peak()
  } finally {
    meter.stop()
  }
}

/**
 * Most bytes that the backend has in use during a step: tensors at rest, those of the step, and what kernels need for
 * themselves, which only the wasm backend tells.
 */
export async function memoryPeakOf(step: () => unknown): Promise<number> {
  const arena = (tf.backend() as { engine?: { arena: { readonly used: number; peak: number } } | undefined }).engine
    ?.arena
  if (arena === undefined) return tf.memory().numBytes + (await peakOf(step))
  arena.peak = arena.used
  await step()
  return arena.peak
}

/**
 * Bytes that tensors may take on the current backend. Wasm addresses 4 GB, and its kernels want some for themselves.
 */
export const addressable = (): number => (tf.getBackend() === 'wasm' ? 3e9 : Infinity)

/** How far numbers are from what they should be, relative to the largest of these. */
export function largestDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [difference, largest] = [0, 0]
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(found[i]! - expected[i]!))
    largest = Math.max(largest, Math.abs(expected[i]!))
  }
  return difference / largest
}

/** Millions of bytes, of which tables want no more than three digits. */
export const megabytes = (bytes: number): number => rounded(bytes / 1e6)

/** Three digits are as many as a busy machine repeats. */
export const rounded = (number: number): number => Number(number.toPrecision(3))
