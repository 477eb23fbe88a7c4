import { mapTree, randomFrom, type Random, type Tree } from '@lapstrake/core'
import type { Unreadable } from '../datasets/unreadable-example.ts'

/** An example for a worker, and the randomness of it. */
export interface Question {
  readonly id: number
  readonly example: unknown
  readonly key: Random['key']
}

/** What a worker made of an example, or why it did not. */
export type Answer = { readonly id: number } & (
  | { readonly example: unknown }
  | {
      readonly message: string
      /** Where the example is damaged. */
      readonly unreadable?: readonly Unreadable[] | undefined
      readonly who?: string | undefined
      readonly what?: string | undefined
    }
)

/** A worker as its pool sees it. */
export interface Thread {
  /** Gives it something to do. */
  post(question: Question, buffers: readonly ArrayBuffer[]): void
  /** Tells it that nothing is left to do. */
  rest(): void
}

/** What a pool hears of a worker: its answers, and that it has ended. */
export interface Hearing {
  hear(answer: Answer): void
  lose(why: string, cause?: Error): void
}

const slice = (Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array).slice

/** A value whose arrays have buffers of their own: a message takes whole buffers, however little of them is shown. */
export function packed(value: unknown): { readonly value: unknown; readonly buffers: readonly ArrayBuffer[] } {
  const buffers: ArrayBuffer[] = []
  const copy = (leaf: unknown): unknown => {
    if (!ArrayBuffer.isView(leaf) || leaf instanceof DataView) return leaf
    const own = slice.call(leaf as Uint8Array)
    buffers.push(own.buffer)
    return own
  }
  return { value: mapTree(value as Tree<unknown>, copy), buffers }
}

/** What a worker does with the questions that come to it: asks the default export of its module. */
export function answering(
  module: string,
  post: (answer: Answer, buffers: readonly ArrayBuffer[]) => void
): (question: Question) => Promise<void> {
  const loading = import(/* @vite-ignore */ /* webpackIgnore: true */ module) as Promise<{ readonly default?: unknown }>
  // An error is told to whoever asks.
  loading.catch(() => {})
  return async ({ id, example, key }) => {
    try {
      const { default: change } = await loading
      if (typeof change !== 'function') {
        throw new TypeError(
          `inWorkers: expected the default export of ${module} to be a function of an example, got ${typeof change}.`
        )
      }
      const { value, buffers } = packed(await change(example, randomFrom(key)))
      post({ id, example: value }, buffers)
    } catch (error) {
      post({ id, ...toldOf(module, error) }, [])
    }
  }
}

/** What was thrown, in words that may travel, whatever it was. */
function toldOf(module: string, error: unknown): Omit<Extract<Answer, { readonly message: string }>, 'id'> {
  const { message, unreadable, who, what } = (error ?? {}) as Readonly<Record<string, unknown>>
  if (typeof message !== 'string')
    return { message: `inWorkers: expected ${module} to throw an Error where it fails, got ${wordsOf(error)}.` }
  if (unreadable === undefined) return { message }
  if (!Array.isArray(unreadable) || unreadable.length === 0 || !unreadable.every(isUnreadable)) {
    return {
      message:
        `inWorkers: expected ${module} to tell damaged examples by an UnreadableExample, got an error whose ` +
        `unreadable is ${wordsOf(unreadable)}: ${message}`
    }
  }
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
  const plain = unreadable.map(({ place, example, reason }: Unreadable) => ({ place, example, reason }))
  return { message, unreadable: plain, who: text(who), what: text(what) }
}

function isUnreadable(value: unknown): boolean {
  const { place, example, reason } = (value ?? {}) as Partial<Unreadable>
  return typeof place === 'number' && typeof example === 'string' && typeof reason === 'string'
}

/** A value as text, also one that has none. */
function wordsOf(value: unknown): string {
  try {
    return String(value)
  } catch {
    return typeof value
  }
}
