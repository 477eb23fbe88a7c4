// The calls that take memory, and how each fails: as in a process that has no more.
import workerThreads from 'node:worker_threads'

/** Bytes that are worth to fail for: smaller pieces come from what the engine has at hand. */
const least = 1024

const arrays = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
  Float32Array,
  Float64Array
]

/** @param strikes whether a call of a kind is to fail */
export async function failMemory(strikes) {
  const ask = bytes => {
    if (bytes >= least && strikes('array')) throw new RangeError('Array buffer allocation failed')
  }
  for (const Made of arrays) globalThis[Made.name] = asking(Made, length => ask(length * Made.BYTES_PER_ELEMENT))
  globalThis.ArrayBuffer = asking(ArrayBuffer, ask)
  for (const [name, bytes] of Object.entries(bytesOfBuffers)) {
    const { [name]: original } = Buffer
    Buffer[name] = (...given) => {
      ask(bytes(given[0]))
      return original(...given)
    }
  }

  const { grow } = WebAssembly.Memory.prototype
  WebAssembly.Memory.prototype.grow = function (pages) {
    if (strikes('grow')) throw new RangeError('WebAssembly.Memory.grow(): Unable to grow instance memory')
    return grow.call(this, pages)
  }
  // The memory of the wasm backend hands out blocks; one that is asked for all that there can be has no room.
  const { Arena } = await import('../../../backends/wasm/src/arena.ts')
  const { allocate } = Arena.prototype
  Arena.prototype.allocate = function (bytes) {
    return allocate.call(this, strikes('block') ? 2 ** 32 : bytes)
  }

  workerThreads.Worker = asking(workerThreads.Worker, undefined, () => {
    if (!strikes('thread')) return
    throw Object.assign(new Error('Worker initialization failure: EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' })
  })
}

/** A class that says for how much it is asked before it makes anything; or that it is. */
function asking(Made, length, always = () => {}) {
  const asked = new Proxy(Made, {
    construct(target, given, made) {
      always()
      if (length !== undefined && typeof given[0] === 'number') length(given[0])
      return Reflect.construct(target, given, made)
    }
  })
  // Slices are made by what an array calls its class.
  Made.prototype.constructor = asked
  return asked
}

const bytesOfBuffers = {
  alloc: size => size,
  allocUnsafe: size => size,
  concat: list => list.reduce((sum, { length }) => sum + length, 0),
  from: given => (given instanceof ArrayBuffer || given instanceof SharedArrayBuffer ? 0 : (given?.length ?? 0))
}
