import { builtin } from './builtin.ts'

/**
 * Threads at most, this one among them: each costs some eight megabytes, and a counter in the memory has a place for
 * it.
 */
export const mostThreads = 256

/** A thread that waits for its part of a kernel's work. */
export interface Thread {
  stop(): Promise<void> | void
}

/**
 * What a thread runs. As text, for a worker made from text needs no file that a bundler or a server would have to know.
 *
 * It looks out for its turn for a moment before it goes to sleep: kernels come a few microseconds after one another.
 */
const program = (receive: string): string => `
${receive}(async ({ module, memory, thread, threads, names, place, ready }) => {
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } })
  const kernels = names.map(name => exports[name])
  const ints = new Int32Array(memory.buffer)
  let turn = Atomics.load(ints, place.turn)
  ready()
  for (;;) {
    for (let look = 0; look < 20000 && Atomics.load(ints, place.turn) === turn; look++);
    while (Atomics.load(ints, place.turn) === turn) Atomics.wait(ints, place.turn, turn)
    turn = Atomics.load(ints, place.turn)
    Atomics.add(ints, place.working, 1)
    for (let i = 0; i < threads; i++) {
      const owner = (thread + i) % threads
      for (;;) {
        const taken = Atomics.add(ints, place.next + 16 * owner, 1)
        const [work, parts] = [ints[place.work], ints[place.parts]]
        const part = Math.floor(parts * owner / threads) + taken
        if (part >= Math.floor(parts * (owner + 1) / threads)) break
        try {
          kernels[ints[place.kernel]](
            place.args * 4, Math.floor(work * part / parts), Math.floor(work * (part + 1) / parts), thread
          )
        } catch {
          Atomics.store(ints, place.failed, 1)
        }
      }
    }
    Atomics.sub(ints, place.working, 1)
    Atomics.notify(ints, place.working)
  }
})`

const inNode =
  'const { parentPort, workerData } = require("node:worker_threads"); const begin = f => f({ ...workerData, ready: ' +
  '() => parentPort.postMessage("ready") }); begin'
const inBrowser =
  'const begin = f => { onmessage = ({ data }) => f({ ...data, ready: () => postMessage("ready") }) }; begin'

/** What threads have in common. */
export interface Workshop {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  /** Kernels, in the order of their numbers. */
  readonly names: readonly string[]
  /** Where the memory says what there is to do, in numbers of four bytes. */
  readonly place: Readonly<
    Record<'turn' | 'next' | 'parts' | 'kernel' | 'work' | 'failed' | 'working' | 'args', number>
  >
}

interface Task extends Workshop {
  readonly thread: number
  readonly threads: number
}

/** Starts so many threads beside this one, and waits until they are ready; where one does not start, none stays. */
export async function startThreads(workshop: Workshop, count: number): Promise<readonly Thread[]> {
  const tasks = Array.from({ length: count }, (_, i): Task => ({ ...workshop, thread: i + 1, threads: count + 1 }))
  const begun = await Promise.allSettled(tasks.map(builtin ? threadOfNode : threadOfPage))
  const threads = begun.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
  const failed = begun.find(one => one.status === 'rejected')
  if (failed === undefined) return threads
  await Promise.all(threads.map(async thread => thread.stop()))
  throw failed.reason
}

async function threadOfNode(task: Task): Promise<Thread> {
  const { Worker } = builtin!('node:worker_threads')
  const worker = new Worker(program(inNode), { eval: true, workerData: task })
  await new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', code =>
      reject(
        new Error(`backend-wasm: expected a thread to start, but it ended with the code ${code}. Take fewer threads.`)
      )
    )
  })
  // A program that has nothing else to do may end.
  worker.unref()
  return {
    stop: async () => {
      await worker.terminate()
    }
  }
}

async function threadOfPage(task: Task): Promise<Thread> {
  const url = URL.createObjectURL(new Blob([program(inBrowser)], { type: 'text/javascript' }))
  const worker = new Worker(url)
  await new Promise((resolve, reject) => {
    worker.onmessage = resolve
    worker.onerror = reject
    worker.postMessage(task)
  })
  URL.revokeObjectURL(url)
  return { stop: () => worker.terminate() }
}
