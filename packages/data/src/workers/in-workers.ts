import { checkOptions } from '@lapstrake/core'
import type * as Threads from '#threads'
import type { ViewHalves } from '../augmentations/views.ts'
import { UnreadableExample } from '../datasets/unreadable-example.ts'
import { checkWhole } from '../whole-number.ts'
import { packed, type Answer, type Thread } from './messages.ts'

export interface InWorkersOptions {
  /** Workers at most; one fewer than there are processors, and no more than four, when left out. */
  readonly threads?: number | undefined
}

interface Job {
  readonly resolve: (example: unknown) => void
  readonly reject: (error: Error) => void
}

interface Member {
  readonly thread: Thread
  /** What it has been given and has not answered. */
  readonly jobs: Map<number, Job>
}

const mostThreads = 256

/**
 * A view's half on the host that runs in workers, in Node as in a page: the default export of a module, an
 * `(example, random) => example`. It gives what it would give without them.
 *
 *     views: twoViews({ onExample: inWorkers(new URL('./rename.js', import.meta.url)) })
 *
 * Examples travel as messages, so that they hold what messages may: arrays, records, texts, no functions. Workers begin
 * when the first example comes. In Node they do not keep the process alive; in a page they end ten seconds after the
 * last example. The module is loaded as it stands, from where the page is served: no bundler looks into it.
 *
 * @throws TypeError for what is no absolute URL, RangeError for threads beyond 1 to 256
 */
export function inWorkers<Example>(
  module: string | URL,
  options: InWorkersOptions = {}
): NonNullable<ViewHalves<Example>['onExample']> {
  checkOptions('inWorkers', options, { threads: 'number' })
  const { threads } = options
  const url = absolute(module)
  if (threads !== undefined) checkWhole('inWorkers', 'threads', threads, 1, mostThreads)
  let pool: readonly Member[] = []
  let next = 0

  /** One that is idle, else a new one, else the one with the least to do. */
  function free({ atOnce, startThread }: typeof Threads): Member {
    const idle = pool.find(({ jobs }) => jobs.size === 0)
    if (idle !== undefined) return idle
    if (pool.length >= (threads ?? atOnce())) return pool.reduce((a, b) => (b.jobs.size < a.jobs.size ? b : a))
    const jobs = new Map<number, Job>()
    const lose = (why: string, cause?: Error): void => {
      pool = pool.filter(other => other !== member)
      const error = new Error(`inWorkers: expected a worker to go on with ${url}, but it ended (${why}).`, { cause })
      for (const { reject } of jobs.values()) reject(error)
      jobs.clear()
    }
    const hear = (answer: Answer): void => {
      const job = jobs.get(answer.id)
      jobs.delete(answer.id)
      if (jobs.size === 0) member.thread.rest()
      if ('example' in answer) job?.resolve(answer.example)
      else job?.reject(errorOf(answer))
    }
    const member: Member = { jobs, thread: startThread(url, { hear, lose }) }
    pool = [...pool, member]
    return member
  }

  return async (example, { key }) => {
    const threads = await import('#threads')
    // From the choice of a worker until it counts as busy nothing else may run, or others choose it too.
    return new Promise<Example>((resolve, reject) => {
      const { value, buffers } = packed(example)
      const { thread, jobs } = free(threads)
      const id = next++
      // Before the job counts: what cannot travel is the caller's error.
      thread.post({ id, example: value, key }, buffers)
      jobs.set(id, { resolve: resolve as Job['resolve'], reject })
    })
  }
}

function absolute(module: string | URL): string {
  try {
    return new URL(module).href
  } catch (cause) {
    throw new TypeError(
      `inWorkers: expected the whole URL of a module, got ${JSON.stringify(module)}. ` +
        "Give new URL('./module.js', import.meta.url).",
      { cause }
    )
  }
}

function errorOf({ message, unreadable, who, what }: Extract<Answer, { readonly message: string }>): Error {
  const [first, ...others] = unreadable ?? []
  return first === undefined ? new Error(message) : new UnreadableExample([first, ...others], { who, what })
}
