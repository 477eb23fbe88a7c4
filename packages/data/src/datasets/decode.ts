import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { checkTiff, isTiff } from './check-tiff.ts'
import { white } from './decoded-options.ts'
import { FileFault } from './file-fault.ts'
import { frameOf } from './gif-frame.ts'

/** What `decode-worker.js` answers: pixels, or why there are none. */
type Answer = { readonly id: number } & ({ readonly pixels: Uint8Array } | { readonly error: string })

interface Job {
  readonly resolve: (pixels: Uint8Array) => void
  readonly reject: (error: Error) => void
}

/** How an image is decoded. */
interface DecodeOptions {
  /** Scaled to cover `length` × `length`, or a height and a width, and cut from the middle; as it is when left out. */
  readonly length?: number | readonly [height: number, width: number] | undefined
  /** What shows through transparent pixels: white when left out. */
  readonly background?: readonly [red: number, green: number, blue: number] | undefined
  /** What the bytes are, where they are pixels already: grey, red, green and blue, or these with transparency. */
  readonly raw?: { readonly width: number; readonly height: number; readonly channels: 1 | 3 | 4 } | undefined
}

interface Thread {
  readonly worker: Worker
  /** What it has been given and has not answered. */
  readonly jobs: Map<number, Job>
}

/** Images read and decoded at once: enough for the threads to have work, few enough for their bytes to be no matter. */
const inTurn = turns(32)
const mostThreads = Math.max(1, Math.min(4, availableParallelism() - 1))
let pool: readonly Thread[] = []
let next = 0

/**
 * Decodes an image in a worker thread to red, green and blue from 0 to 255: turned upright as its EXIF data say, over a
 * background where it is transparent, the first of several pages. `read` is called when its turn comes, and its bytes
 * go to the thread. Threads do not keep the process alive.
 *
 * @throws FileFault if it is no image that can be decoded, or a TIFF that would be decoded to other pixels than those
 * in it, and what `read` throws
 * @throws Error if the thread ends; the next image finds another
 */
export function decode(
  read: () => Promise<Uint8Array<ArrayBuffer>>,
  { length, background = white, raw }: DecodeOptions = {}
): Promise<Uint8Array> {
  const [height, width = height] = [length].flat()
  return inTurn(async () => {
    const bytes = await read()
    if (raw === undefined) checkKind(bytes)
    const frame = raw === undefined ? frameOf(bytes) : undefined
    return new Promise((resolve, reject) => {
      const { worker, jobs } = leastBusy()
      const id = next++
      // Before the job counts: bytes that cannot go to a thread are the caller's error.
      worker.postMessage({ id, bytes, height, width, background, frame, raw }, [bytes.buffer])
      jobs.set(id, { resolve, reject })
      // Whoever waits for an image keeps the process alive.
      worker.ref()
    })
  })
}

/** By how it begins, whatever it is called: a decoder may know more, such as drawings, which are no pictures here. */
function checkKind(bytes: Uint8Array<ArrayBuffer>): void {
  if (isTiff(bytes)) return checkTiff(bytes)
  const begins = (at: number, ...words: readonly string[]): boolean =>
    words.some(word => String.fromCharCode(...bytes.subarray(at, at + word.length)) === word)
  // A sequence has its first picture as a picture, too, which is found where the file is called one.
  if (begins(4, 'ftypavis')) bytes.set([0x61, 0x76, 0x69, 0x66], 8)
  if (begins(0, '\xff\xd8', '\x89PNG', 'GIF8') || (begins(0, 'RIFF') && begins(8, 'WEBP')) || begins(4, 'ftyp')) return
  throw new FileFault(
    'it is damaged or cut short (it does not begin as a JPEG, a PNG, a WebP, a GIF, a TIFF or an AVIF does)'
  )
}

function leastBusy(): Thread {
  if (pool.length < mostThreads) pool = [...pool, start()]
  return pool.reduce((least, thread) => (thread.jobs.size < least.jobs.size ? thread : least))
}

function start(): Thread {
  // The worker lies beside this file in the sources, and in a folder of its own in the package.
  const beside = import.meta.url.endsWith('.ts')
  const worker = new Worker(new URL(beside ? './decode-worker.js' : './datasets/decode-worker.js', import.meta.url), {
    execArgv: []
  })
  const thread: Thread = { worker, jobs: new Map() }
  worker.on('message', (answer: Answer) => {
    const job = thread.jobs.get(answer.id)
    thread.jobs.delete(answer.id)
    if (thread.jobs.size === 0) worker.unref()
    if ('pixels' in answer) job?.resolve(answer.pixels)
    else job?.reject(new FileFault(`it is damaged or cut short (${inShort(answer.error)})`))
  })
  worker.on('error', error => lose(thread, error.message, error))
  worker.on('exit', code => lose(thread, `code ${code}`))
  worker.unref()
  return thread
}

/** The decoder's words, of which there may be many, in one line. */
const inShort = (text: string): string => text.trim().replace(/\s+/g, ' ').slice(0, 120)

/** A thread that ended answers nobody. */
function lose(thread: Thread, why: string, cause?: Error): void {
  pool = pool.filter(other => other !== thread)
  const error = new Error(
    `decode: expected a thread to go on decoding images, but it ended (${why}). ` +
      'Memory may be short: try again, or take smaller batches.',
    { cause }
  )
  thread.jobs.forEach(({ reject }) => reject(error))
  thread.jobs.clear()
}

/** Lets so many run at once; the others wait in the order in which they came. */
function turns(most: number): <T>(run: () => Promise<T>) => Promise<T> {
  let free = most
  const waiting: (() => void)[] = []
  return async run => {
    if (free > 0) free--
    else await new Promise<void>(go => waiting.push(go))
    try {
      return await run()
    } finally {
      const first = waiting.shift()
      if (first === undefined) free++
      else first()
    }
  }
}
