import { readWholeFile, writeFileAtomic } from 'lapstrake/node'

/** How far into a file of lapstrake's its name stands, at most, in bytes. */
const head = 4096

/** Whether a file says that lapstrake made it. */
export const saysLapstrake = (bytes: Uint8Array): boolean => Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(head, bytes.length)).includes('lapstrake')

/**
 * Writes a file where there is none, or one that lapstrake made.
 *
 * @throws Error if another lies there, or it cannot be written
 */
export async function writeOwnFile(path: string, content: Uint8Array | string): Promise<void> {
  const before = await readWholeFile(path).catch((error: Error) => {
    if ((error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined
    throw error
  })
  if (before !== undefined && !saysLapstrake(before)) {
    throw new Error(`${path}: expected no file, or one that lapstrake made, got another. Move it away, or choose another place.`)
  }
  await writeFileAtomic(path, content)
}
