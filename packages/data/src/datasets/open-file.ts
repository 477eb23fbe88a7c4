import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { FileFault } from './file-fault.ts'

/** What is the fault of the file itself. Anything else, such as too many open files, is not. */
const faults: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there',
  ENOTDIR: 'it is not there',
  EISDIR: 'it is a folder',
  ENXIO: 'it is a pipe, a socket or a device',
  EACCES: 'it may not be read here',
  EPERM: 'it may not be read here',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'its name is too long',
  EIO: 'the disk cannot read it'
}

const most = 2 ** 31 - 1

/**
 * Opens a file to read. What is none, such as a pipe that nobody writes to, is refused instead of waited for.
 *
 * @throws FileFault if it is not there, may not be read or is none
 */
export const openFile = async (path: string): Promise<FileHandle> => (await opened(path)).file

async function opened(path: string): Promise<{ readonly file: FileHandle; readonly size: number }> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(explain)
  try {
    const found = await file.stat()
    if (!found.isFile()) throw new FileFault(faults[found.isDirectory() ? 'EISDIR' : 'ENXIO'])
    return { file, size: found.size }
  } catch (error) {
    await file.close()
    throw error
  }
}

/**
 * The bytes of a file, or some of them, in a buffer of their own.
 *
 * @throws FileFault as {@link openFile} does, and if it is empty or ends before them
 */
export async function bytesOf(
  path: string,
  part?: { readonly offset: number; readonly size: number }
): Promise<Uint8Array<ArrayBuffer>> {
  const { file, size: all } = await opened(path)
  try {
    const { offset, size } = part ?? { offset: 0, size: all }
    if (size === 0) throw new FileFault('it is empty')
    if (size > most) throw new FileFault('it is larger than two gigabytes')
    const bytes = new Uint8Array(size)
    for (let done = 0; done < size; ) {
      const { bytesRead } = await file.read(bytes, done, size - done, offset + done).catch(explain)
      if (bytesRead === 0) throw new FileFault('it is cut short')
      done += bytesRead
    }
    return bytes
  } finally {
    await file.close()
  }
}

function explain(error: NodeJS.ErrnoException): never {
  const reason = faults[error.code ?? '']
  throw reason === undefined ? error : new FileFault(reason, { cause: error })
}
