/** What becomes of a file that is fetched. */
export interface FetchFileOptions {
  /** Whether the browser keeps the file for the next time. */
  readonly keep: boolean
  /** Bytes so far. */
  readonly onProgress: (received: number) => void
  readonly signal?: AbortSignal | undefined
}

const storeName = 'lapstrake-data'

/**
 * Fetches a gzipped file and unpacks it; one that was kept is taken from the browser's storage, where there is any.
 *
 * @throws Error if it cannot be reached, or arrives damaged or cut short
 * @throws the reason of the signal, once that is aborted
 */
export async function fetchFile(url: string, { keep, onProgress, signal }: FetchFileOptions): Promise<Uint8Array> {
  const store = keep ? await openStore() : undefined
  const kept = await store?.match(url)
  if (store !== undefined && kept !== undefined) {
    const unpacked = await unpack(new Uint8Array(await kept.arrayBuffer())).catch(() => undefined)
    if (unpacked !== undefined) {
      onProgress(Number(kept.headers.get('content-length')))
      return unpacked
    }
    await store.delete(url)
  }
  const packed = await read(url, onProgress, signal)
  const unpacked = await unpack(packed).catch((cause: unknown) => {
    throw new Error(
      `data: expected ${url} to be whole, got ${packed.length} bytes that do not unpack: it is damaged or cut off. ` +
        'Fetch it again.',
      { cause }
    )
  })
  // Storage may be full: then the file is fetched again next time.
  await store?.put(url, new Response(packed, { headers: { 'content-length': String(packed.length) } })).catch(() => {})
  return unpacked
}

/** Private windows may have no storage, and pages without https have none. */
const openStore = (): Promise<Cache | undefined> =>
  typeof caches === 'undefined' ? Promise.resolve(undefined) : caches.open(storeName).catch(() => undefined)

async function read(
  url: string,
  onProgress: (received: number) => void,
  signal: AbortSignal | undefined
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url, signal === undefined ? {} : { signal }).catch((cause: unknown) => {
    signal?.throwIfAborted()
    throw new Error(`data: expected to reach ${url}, but could not. Check the connection, and try again.`, {
      cause
    })
  })
  if (!response.ok || response.body === null)
    throw new Error(
      `data: expected ${url} to be there, got ${response.status} ${response.statusText}. Choose other data.`
    )
  const parts: Uint8Array<ArrayBuffer>[] = []
  let received = 0
  const reader = response.body.getReader()
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(part.value)
      onProgress((received += part.value.length))
    }
  } catch (cause) {
    signal?.throwIfAborted()
    throw new Error(`data: expected ${url} to be whole, but it broke off after ${received} bytes. Fetch it again.`, {
      cause
    })
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer())
}

/** Unpacks gzip; a host may have done so on the way. */
async function unpack(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  return new Uint8Array(
    await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer()
  )
}
