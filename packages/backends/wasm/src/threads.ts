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
${receive}(async ({ module, memory, thread, names, ready }) => {
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } })
  const kernels = names.map(name => exports[name])
  const ints = new Int32Array(memory.buffer)
  const [turnAt, nextAt, partsAt, kernelAt, workAt, failedAt, workingAt, args] = [0, 16, 17, 18, 19, 20, 32, 256]
  let turn = Atomics.load(ints, turnAt)
  ready()
  for (;;) {
    for (let look = 0; look < 2000 && Atomics.load(ints, turnAt) === turn; look++);
    while (Atomics.load(ints, turnAt) === turn) Atomics.wait(ints, turnAt, turn)
    turn = Atomics.load(ints, turnAt)
    Atomics.add(ints, workingAt, 1)
    for (let part = 0; (part = Atomics.add(ints, nextAt, 1)) < ints[partsAt];) {
      const [work, parts] = [ints[workAt], ints[partsAt]]
      try {
        kernels[ints[kernelAt]](args, Math.floor(work * part / parts), Math.floor(work * (part + 1) / parts), thread)
      } catch {
        Atomics.store(ints, failedAt, 1)
      }
    }
    Atomics.sub(ints, workingAt, 1)
    Atomics.notify(ints, workingAt)
  }
})`

const inNode = 'const { parentPort, workerData } = require("node:worker_threads"); const begin = f => f({ ...workerData, ready: () => parentPort.postMessage("ready") }); begin'
const inBrowser = 'const begin = f => { onmessage = ({ data }) => f({ ...data, ready: () => postMessage("ready") }) }; begin'

/** Starts so many threads beside this one, and waits until they are ready. */
export async function startThreads(module: WebAssembly.Module, memory: WebAssembly.Memory, count: number, names: readonly string[]): Promise<readonly Thread[]> {
  const tasks = Array.from({ length: count }, (_, i) => ({ module, memory, thread: i + 1, names: [...names] }))
  if (typeof process !== 'undefined' && process.versions?.node) {
    const { Worker } = await import(/* @vite-ignore */ 'node:worker_threads')
    return Promise.all(tasks.map(async task => {
      const worker = new Worker(program(inNode), { eval: true, workerData: task })
      await new Promise((resolve, reject) => {
        worker.once('message', resolve)
        worker.once('error', reject)
      })
      // A program that has nothing else to do may end.
      worker.unref()
      return { stop: async () => { await worker.terminate() } }
    }))
  }
  return Promise.all(tasks.map(async task => {
    const url = URL.createObjectURL(new Blob([program(inBrowser)], { type: 'text/javascript' }))
    const worker = new Worker(url)
    await new Promise((resolve, reject) => {
      worker.onmessage = resolve
      worker.onerror = reject
      worker.postMessage(task)
    })
    URL.revokeObjectURL(url)
    return { stop: () => worker.terminate() }
  }))
}
