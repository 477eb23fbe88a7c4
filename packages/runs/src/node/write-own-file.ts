import { readWholeFile, writeFileAtomic } from '@lapstrake/files/node'

/**
 * How files begin that only lapstrake writes: a report, a drawing, recipes and logs of a sweep, a table, an encoder as
 * ONNX and as safetensors, features and predictions.
 */
const beginnings: readonly RegExp[] = [
  /^<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="generator" content="lapstrake">/,
  /^<svg [^>]*class="lapstrake-spans"/,
  /^\/\/ Written by lapstrake sweep\.\n/,
  /^lapstrake (?:train|quickstart)\b/,
  // The version of the format, then the name of the producer.
  /^\x08\x08\x12\x09lapstrake/,
  /^.{8}\{"__metadata__":\{"crc32c":"[0-9a-f]{8}","format":"lapstrake-(?:encoder|network|features)-/s,
  // A zip whose first file is called so.
  /^PK\x03\x04.{26}lapstrake\.npy/s,
  /^file,(?:label,)?f0[,\n]/,
  /^file,(?:label,)?class,probability[,\n]/
]

/** Whether a file is one that lapstrake wrote beside runs. */
export const isOurs = (bytes: Uint8Array): boolean => {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(1024, bytes.length)).toString('latin1')
  return beginnings.some(beginning => beginning.test(head))
}

/**
 * Writes a file where there is none, or one that lapstrake wrote.
 *
 * @throws Error if another lies there, or it cannot be written
 */
export async function writeOwnFile(path: string, content: Parameters<typeof writeFileAtomic>[1]): Promise<void> {
  await checkOwnFile(path)
  await writeFileAtomic(path, content)
}

/**
 * Insists that there is no file, or one that lapstrake wrote: asked before the work begins whose result goes there.
 *
 * @throws Error if another lies there, or it cannot be read
 */
export async function checkOwnFile(path: string): Promise<void> {
  const before = await readWholeFile(path).catch((error: Error) => {
    if ((error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined
    throw error
  })
  if (before !== undefined && !isOurs(before)) {
    throw new Error(
      `${path}: expected no file, or one that lapstrake wrote, got another. Move it away, or choose another place.`
    )
  }
}
