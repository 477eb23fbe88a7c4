/** What an error says; for one of the system's or the engine's own, what was expected, what came and what helps. */
export function inOurWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { message, code, syscall, path } = error as NodeJS.ErrnoException
  // As Node says what came of a call of the file system; of sockets and processes it says the call first.
  if (syscall !== undefined && code !== undefined && message.startsWith(`${code}: `)) {
    const what = `${syscall}${path === undefined ? '' : ` with ${path}`}`
    return (
      `lapstrake: expected the system to do ${what}, but it could not (${code}). ` +
      `${advice[code] ?? 'Check the disk and the folder.'}`
    )
  }
  if (code === 'ERR_WORKER_INIT_FAILED') {
    return (
      `lapstrake: expected another thread to start, but it could not (${message}). End other programs, ` +
      'or take fewer --threads.'
    )
  }
  if (isLackOfMemory(error)) {
    return (
      `lapstrake: expected enough memory, got none (${message}). Lower the batch size, take fewer examples, ` +
      'or end other programs.'
    )
  }
  return message
}

// As V8 says it, which has no class or code for it.
const failed = /^(?:Array buffer allocation failed|WebAssembly|Out of memory)/
const tooLong = /^Invalid (?:typed array|array buffer|string|array) length/

const isLackOfMemory = (error: Error): boolean =>
  error instanceof RangeError && (failed.test(error.message) || tooLong.test(error.message))

const advice: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: make room.',
  EDQUOT: 'The disk is full: make room.',
  EIO: 'The disk may be failing: keep copies elsewhere.',
  EACCES: 'It may not be done there: choose another folder.',
  EPERM: 'It may not be done there: choose another folder.',
  EROFS: 'It may not be done there: choose another folder.',
  EMFILE: 'Too many files are open: raise the limit with ulimit -n.',
  ENFILE: 'Too many files are open: end other programs.',
  ENOMEM: 'There is no memory left: end other programs.'
}
