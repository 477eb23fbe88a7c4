/** A run that this browser keeps for later, with the source it ran from. */
export interface SavedRun {
  readonly step: number
  readonly seed: number
  readonly source: string
  /** When it was saved, in milliseconds; it tells one from another. */
  readonly at: number
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** The run kept under a name; nothing where there is none, or no storage to keep it in. */
export async function readSaved(name: string): Promise<SavedRun | undefined> {
  try {
    const file = await (await fileOf(name, false)).getFile()
    const bytes = new Uint8Array(await file.arrayBuffer())
    const length = new DataView(bytes.buffer).getUint32(0, true)
    const about = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as Omit<SavedRun, 'bytes'>
    return { ...about, bytes: bytes.slice(4 + length) }
  } catch {
    return undefined
  }
}

/**
 * Keeps a run under a name. What another tab has kept there since `seen` is left as it is and given back.
 *
 * @throws Error where the browser has no storage, as in some private windows, or none left
 */
export async function writeSaved(name: string, run: SavedRun, seen: number | undefined): Promise<SavedRun | undefined> {
  return navigator.locks.request(`lapstrake ${name}`, async () => {
    const there = await readSaved(name)
    if (there !== undefined && there.at !== seen) return there
    const { bytes, ...about } = run
    const header = new TextEncoder().encode(JSON.stringify(about))
    const length = new Uint8Array(4)
    new DataView(length.buffer).setUint32(0, header.length, true)
    // Nothing is replaced before `close`: a tab that dies half-way leaves the run before it.
    const stream = await (await fileOf(name, true)).createWritable()
    await stream.write(new Blob([length, header, bytes]))
    await stream.close()
    return undefined
  })
}

const fileOf = async (name: string, create: boolean): Promise<FileSystemFileHandle> =>
  (await navigator.storage.getDirectory()).getFileHandle(`${name}.lapstrake`, { create })
