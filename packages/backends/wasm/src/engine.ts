import { OutOfRoom } from '@lapstrake/core/errors'
import { Arena } from './arena.ts'
import { mostThreads, startThreads, type Thread } from './threads.ts'

/** Kernels of the module, in the order in which threads know them. */
export const kernelNames = [
  'adamW',
  'affine',
  'affineOfTwo',
  'binary',
  'blockMoments',
  'blurImages',
  'cast',
  'contrast',
  'copy',
  'cropAndResize',
  'cumulate',
  'fill',
  'gather',
  'groupNorm',
  'groupNormGradient',
  'joinMoments',
  'lars',
  'larsSquares',
  'mixColors',
  'momentum',
  'multiply',
  'multiplyTransposed',
  'packPanels',
  'placesOfMost',
  'reduceColumns',
  'reduceRows',
  'reluOfSum',
  'resample',
  'resampleBack',
  'scatter',
  'select',
  'slide',
  'slideBack',
  'slideToFilter',
  'slideToInput',
  'softmax',
  'sumsOfProducts',
  'topK',
  'transpose',
  'unary',
  'winograd',
  'winogradFilters',
  'winogradSquares',
  'winogradTaps'
] as const

export type KernelName = (typeof kernelNames)[number]

/** A kernel does the part `from … to` of its work, on one of the threads. */
type Kernel = (args: number, from: number, to: number, thread: number) => void

/**
 * How threads share work, in numbers of four bytes at the memory's beginning. Each has parts of its own, always the
 * same of a tensor, for what it wrote itself is near; behind them it takes those of others. Between two kernels there
 * is none to take: a thread that comes late finds nothing, and one that is still working is waited for.
 */
const place = { turn: 0, parts: 17, kernel: 18, work: 19, failed: 20, working: 32, args: 64, next: 2048 } as const
const nothing = 0x4000_0000
/** Behind the module's tables, which begin at 4096, and the counters of all the threads there may be. */
const firstAddress = 4 * (place.next + 16 * mostThreads)
/** Bytes behind the last block, which may be read, not written. */
const spare = 64

/** Work that costs fewer operations than this is not worth waking threads for. */
const worthThreads = 100_000

const maySleep = typeof (globalThis as { document?: unknown }).document === 'undefined'

const page = 65_536

export interface EngineOptions {
  readonly module: WebAssembly.Module
  /** Whether the module was compiled for a shared memory; threads need one. */
  readonly shared: boolean
  /** Whether it multiplies and adds with one rounding. */
  readonly relaxed: boolean
  readonly threads: number
  /** Whether convolutions may trade multiplications for additions. */
  readonly winograd: boolean
  /** The most bytes that the memory may grow to; as many as there may be when left out. */
  readonly memory?: number | undefined
}

/** One memory, the kernels that work on it, and the threads that run them. */
export class Engine {
  readonly threads: number
  readonly relaxed: boolean
  readonly winograd: boolean
  readonly arena: Arena
  readonly #memory: WebAssembly.Memory
  readonly #mostPages: number
  readonly #kernels: readonly Kernel[]
  readonly #helpers: readonly Thread[]
  #bytes: Uint8Array
  #ints: Int32Array
  #floats: Float32Array
  #zeros = { address: 0, length: 0 }

  static async start(options: EngineOptions): Promise<Engine> {
    const { module, shared, threads, memory: most = allPages * page } = options
    const { memory, pages } = longestMemory(shared, Math.min(allPages, Math.floor(most / page)))
    const { exports } = await WebAssembly.instantiate(module, { env: { memory } })
    const ints = new Int32Array(memory.buffer)
    for (let owner = 0; owner < threads; owner++) ints[place.next + 16 * owner] = nothing
    const helpers = threads > 1 ? await startThreads({ module, memory, names: kernelNames, place }, threads - 1) : []
    return new Engine(
      memory,
      pages,
      options,
      kernelNames.map(name => exports[name] as Kernel),
      helpers
    )
  }

  private constructor(
    memory: WebAssembly.Memory,
    mostPages: number,
    { relaxed, winograd }: EngineOptions,
    kernels: readonly Kernel[],
    helpers: readonly Thread[]
  ) {
    this.#memory = memory
    this.#mostPages = mostPages
    this.relaxed = relaxed
    this.winograd = winograd
    this.#kernels = kernels
    this.#helpers = helpers
    this.threads = helpers.length + 1
    this.#bytes = new Uint8Array(memory.buffer)
    this.#ints = new Int32Array(memory.buffer)
    this.#floats = new Float32Array(memory.buffer)
    this.arena = new Arena(firstAddress, memory.buffer.byteLength - spare, bytes => this.#grow(bytes))
  }

  /** The whole memory; the arrays are new ones after it has grown. */
  get bytes(): Uint8Array {
    return (this.#fresh(), this.#bytes)
  }
  get ints(): Int32Array {
    return (this.#fresh(), this.#ints)
  }
  get floats(): Float32Array {
    return (this.#fresh(), this.#floats)
  }

  /** Whether an array is a view of the memory, also of what it was before it grew. */
  holds(values: ArrayLike<unknown>): boolean {
    if (!ArrayBuffer.isView(values)) return false
    return (
      values.buffer === this.#memory.buffer ||
      (typeof SharedArrayBuffer !== 'undefined' && values.buffer instanceof SharedArrayBuffer)
    )
  }

  /** Address of at least so many zeros, for kernels to read. */
  zeros(length: number): number {
    if (this.#zeros.length < length) {
      // The new ones before the old ones go: where there is no room for them, these must stay.
      const address = this.arena.allocate(4 * length)
      this.floats.fill(0, address / 4, address / 4 + length)
      if (this.#zeros.length > 0) this.arena.release(this.#zeros.address)
      this.#zeros = { address, length }
    }
    return this.#zeros.address
  }

  /** Runs a function with the address of a block that lasts as long as it. */
  withScratch<T>(bytes: number, use: (address: number) => T): T {
    const address = this.arena.allocate(bytes)
    try {
      return use(address)
    } finally {
      this.arena.release(address)
    }
  }

  /**
   * Runs a kernel on all of its work, in parts that threads take in turn.
   *
   * @param operations about how much it costs in all, to tell whether threads are worth waking
   * @param most parts at most; as many as there are threads for a kernel that prepares the same for each of them
   */
  run(
    name: KernelName,
    args: readonly number[],
    work: number,
    operations: number = Infinity,
    most: number = 8 * this.threads
  ): void {
    if (work === 0) return
    const { ints } = this
    for (let i = 0; i < args.length; i++) ints[place.args + i] = args[i]!
    const kernel = kernelNames.indexOf(name)
    const address = place.args * 4
    if (this.#helpers.length === 0 || work === 1 || operations < worthThreads) {
      this.#kernels[kernel]!(address, 0, work, 0)
      return
    }
    ints[place.kernel] = kernel
    ints[place.work] = work
    const parts = Math.min(work, most)
    ints[place.parts] = parts
    Atomics.store(ints, place.failed, 0)
    for (let owner = 0; owner < this.threads; owner++) Atomics.store(ints, place.next + 16 * owner, 0)
    Atomics.add(ints, place.turn, 1)
    Atomics.notify(ints, place.turn)
    try {
      for (let owner = 0; owner < this.threads; owner++) {
        const end = Math.floor((parts * (owner + 1)) / this.threads)
        const first = Math.floor((parts * owner) / this.threads)
        for (let part = 0; (part = first + Atomics.add(ints, place.next + 16 * owner, 1)) < end; ) {
          this.#kernels[kernel]!(address, Math.floor((work * part) / parts), Math.floor((work * (part + 1)) / parts), 0)
        }
      }
    } finally {
      for (let owner = 0; owner < this.threads; owner++) Atomics.store(ints, place.next + 16 * owner, nothing)
      for (let look = 0, working = 0; (working = Atomics.load(ints, place.working)) !== 0; look++) {
        // A thread that has no processor now needs ours; the main thread of a page may not sleep.
        if (look > 1000 && maySleep) Atomics.wait(ints, place.working, working, 1)
      }
    }
    if (Atomics.load(ints, place.failed) !== 0) {
      throw new Error(
        `backend-wasm: expected every thread to finish ${name}, but one failed. Its result is lost, and nothing else.`
      )
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#helpers.map(async thread => thread.stop()))
  }

  #fresh(): void {
    if (this.#bytes.buffer === this.#memory.buffer) return
    this.#bytes = new Uint8Array(this.#memory.buffer)
    this.#ints = new Int32Array(this.#memory.buffer)
    this.#floats = new Float32Array(this.#memory.buffer)
  }

  #grow(bytes: number): number {
    const have = this.#memory.buffer.byteLength / page
    const needed = Math.ceil(bytes / page) + 1
    // A little ahead, for growing is not free.
    const wanted = Math.min(this.#mostPages - have, Math.max(needed, Math.ceil(have / 8)))
    for (const pages of needed <= this.#mostPages - have ? [wanted, needed] : []) {
      try {
        this.#memory.grow(pages)
        return this.#memory.buffer.byteLength - spare
      } catch {
        /* tried with less, or said below */
      }
    }
    const most = this.#mostPages * page
    throw new OutOfRoom(
      `backend-wasm: expected room for ${megabytes(bytes)} MB more, got none: ` +
        `${megabytes(this.arena.used)} MB of at most ${megabytes(most)} MB are in use` +
        `${most - this.arena.used > bytes ? ', and what is left is in shorter pieces' : ''}. ` +
        'Lower the batch size, or split the loss (chunk) or the batch (microBatch).'
    )
  }
}

/** Of 4 GB, which is as far as addresses of four bytes reach. */
const allPages = 65_536

/** As long as the host lets a memory become, but no longer than asked for. */
function longestMemory(shared: boolean, most: number): { readonly memory: WebAssembly.Memory; readonly pages: number } {
  for (let pages = most; ; pages = Math.floor(pages / 2)) {
    try {
      return { memory: new WebAssembly.Memory({ initial: 256, maximum: pages, shared }), pages }
    } catch (error) {
      if (pages <= 1024) throw error
    }
  }
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0)

const floatBits = new Float32Array(1)
const intBits = new Int32Array(floatBits.buffer)

/** A float as an argument of a kernel. */
export function bitsOf(value: number): number {
  floatBits[0] = value
  return intBits[0]!
}
