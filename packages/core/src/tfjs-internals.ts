// TensorFlow.js keeps its engine to itself. Every use of what it does not promise is here, for version 4.22.0.
import * as tf from '@tensorflow/tfjs-core'

/** One operation that was recorded, with what its gradient needs. */
export interface TapeNode {
  readonly kernelName: string
  readonly inputs: Record<string, tf.Tensor>
  readonly outputs: readonly tf.Tensor[]
  readonly saved: tf.Tensor[]
  readonly gradient?: (cotangents: (tf.Tensor | null)[]) => Record<string, () => tf.Tensor>
}

interface Engine {
  readonly state: {
    activeTape: TapeNode[] | null | undefined
    gradientDepth: number
    kernelDepth: number
    readonly tensorInfo: WeakMap<object, unknown>
  }
  runKernel(
    kernel: string,
    inputs: Readonly<Record<string, tf.Tensor | undefined>>,
    attrs?: Readonly<Record<string, unknown>>
  ): tf.Tensor | tf.Tensor[]
  trackTensor(tensor: tf.Tensor, backend: unknown): void
  disposeTensor(tensor: tf.Tensor): void
}

const engineOf = (): Engine => tf.engine() as unknown as Engine

/** Runs `f` with a tape of its own, whatever else is being recorded around it. */
export function record<R>(f: () => R): { readonly result: R; readonly tape: readonly TapeNode[] } {
  const { state } = engineOf()
  const { activeTape, gradientDepth, kernelDepth } = state
  const tape: TapeNode[] = []
  Object.assign(state, { activeTape: tape, gradientDepth: 1, kernelDepth: 0 })
  try {
    return { result: tf.tidy(f as () => tf.TensorContainer) as R, tape }
  } catch (error) {
    tape.forEach(freeNode)
    throw error
  } finally {
    Object.assign(state, { activeTape, gradientDepth, kernelDepth })
  }
}

/** Frees what was saved for the gradient of one operation. */
export function freeNode(node: TapeNode): void {
  node.saved.forEach(tensor => tensor.dispose())
}

/** Runs `f` without recording it: no gradient passes through its results. What the field calls a stop-gradient. */
export function detached<R>(f: () => R): R {
  const { state } = engineOf()
  const { gradientDepth } = state
  state.gradientDepth = 0
  try {
    return f()
  } finally {
    state.gradientDepth = gradientDepth
  }
}

/** One kernel that ran. */
export interface KernelCall {
  readonly kernel: string
  readonly inputs: Readonly<Record<string, tf.Tensor>>
  readonly attrs: Readonly<Record<string, unknown>>
  readonly outputs: readonly tf.Tensor[]
}

/** What an observer is told, each at the moment it happens. Tensors are borrowed. */
export interface KernelObserver {
  ran?(call: KernelCall): void
  /** A tensor came to be; `isNewData` unless it shares the data of another. */
  made?(tensor: tf.Tensor, isNewData: boolean): void
  freed?(tensor: tf.Tensor): void
  /** The program asked for the values of a tensor: what it does with them is not recorded. */
  read?(tensor: tf.Tensor): void
}

/**
 * Watches what TensorFlow.js does until the function that it returns is called. Any number may watch at once.
 */
export function observeKernels(observer: KernelObserver): () => void {
  const kinds = (Object.keys(hooks) as (keyof KernelObserver)[]).filter(kind => observer[kind] !== undefined)
  // One may watch twice: each time is a watch of its own.
  const watch: Watch = { observer }
  for (const kind of kinds) {
    watching[kind].add(watch)
    if (watching[kind].size === 1) undo[kind] = hooks[kind]()
  }
  return () => {
    for (const kind of kinds) if (watching[kind].delete(watch) && watching[kind].size === 0) undo[kind]?.()
  }
}

interface Watch {
  readonly observer: KernelObserver
}

const watching: Readonly<Record<keyof KernelObserver, Set<Watch>>> = {
  ran: new Set(),
  made: new Set(),
  freed: new Set(),
  read: new Set()
}
const undo: Partial<Record<keyof KernelObserver, () => void>> = {}

const readers = ['data', 'dataSync', 'array', 'arraySync', 'bytes'] as const

/** What is put around the engine while somebody watches; each returns how to take it away. */
const hooks: Readonly<Record<keyof KernelObserver, () => () => void>> = {
  ran() {
    const engine = engineOf()
    const { runKernel } = engine
    return replaced(engine, {
      runKernel(kernel, inputs, attrs) {
        const result = runKernel.call(engine, kernel, inputs, attrs)
        const given = Object.entries(inputs).filter((entry): entry is [string, tf.Tensor] => entry[1] !== undefined)
        const call = { kernel, inputs: Object.fromEntries(given), attrs: { ...attrs }, outputs: [result].flat() }
        for (const { observer } of watching.ran) observer.ran!(call)
        return result
      }
    })
  },
  made() {
    const engine = engineOf()
    const { trackTensor } = engine
    return replaced(engine, {
      trackTensor(tensor, backend) {
        const isNewData = !engine.state.tensorInfo.has(tensor.dataId)
        for (const { observer } of watching.made) observer.made!(tensor, isNewData)
        trackTensor.call(engine, tensor, backend)
      }
    })
  },
  freed() {
    const engine = engineOf()
    const { disposeTensor } = engine
    return replaced(engine, {
      disposeTensor(tensor) {
        for (const { observer } of watching.freed) observer.freed!(tensor)
        disposeTensor.call(engine, tensor)
      }
    })
  },
  read() {
    const prototype = tf.Tensor.prototype as unknown as Record<string, (...given: unknown[]) => unknown>
    const before = readers.map(name => [name, prototype[name]!] as const)
    // One way to read calls another.
    let depth = 0
    for (const [name, reader] of before) {
      prototype[name] = function (this: tf.Tensor, ...given: unknown[]) {
        if (depth === 0) for (const { observer } of watching.read) observer.read!(this)
        depth++
        try {
          return reader.apply(this, given)
        } finally {
          depth--
        }
      }
    }
    return () => before.forEach(([name, reader]) => (prototype[name] = reader))
  }
}

/** Puts methods in the place of an engine's; what it returns brings back what was there. */
function replaced(engine: Engine, methods: Partial<Engine>): () => void {
  const before = Object.getOwnPropertyDescriptors(engine)
  Object.assign(engine, methods)
  return () => {
    for (const name of Object.keys(methods) as (keyof Engine)[]) {
      // The engine's own methods stand in its class.
      if (before[name] === undefined) delete (engine as Partial<Engine>)[name]
      else Object.defineProperty(engine, name, before[name])
    }
  }
}
