// The calls of Node that change or read files, and how each fails: as on a full or a broken disk.
import fs from 'node:fs'

const writing = ['writeFile', 'appendFile', 'write', 'mkdir', 'rename', 'copyFile', 'mkdtemp', 'symlink', 'link']
const changing = ['rm', 'rmdir', 'unlink', 'truncate', 'ftruncate', 'sync', 'fsync', 'datasync', 'utimes', 'close']
const reading = ['readFile', 'read', 'readdir', 'stat', 'lstat', 'readlink']
const names = ['open', ...writing, ...changing, ...reading]

const full = { code: 'ENOSPC', errno: -28, said: 'no space left on device' }
const broken = { code: 'EIO', errno: -5, said: 'i/o error' }

/** Files that are opened to be read are no more than read. */
function makes(name, [flags = 'r']) {
  if (name !== 'open') return writing.includes(name)
  return typeof flags === 'string' ? /[wa]/.test(flags) : (flags & fs.constants.O_CREAT) !== 0
}

function failure(name, path, rest) {
  const { said, ...error } = makes(name, rest) ? full : broken
  const message = `${error.code}: ${said}, ${name} '${path}'`
  return Object.assign(new Error(message), { ...error, syscall: name, path: String(path) })
}

/** What is done of a call before it fails: a file is closed, and half of what was to be written is. */
function half(name, call, [content, ...rest]) {
  if (name === 'close') return call(content, ...rest)
  if (name === 'write') return call(content, rest[0], Math.floor(rest[1] / 2), ...rest.slice(2))
  if (name !== 'writeFile' && name !== 'appendFile') return undefined
  return call(content.slice(0, Math.floor(content.length / 2)), ...rest)
}

/**
 * @param strikes whether a call of a kind, for a file, is to fail
 * @param wrote told of a file when something was written through it while it was open
 */
export function failFiles(strikes, wrote) {
  let inside = false
  for (const name of names.filter(name => name in fs.promises)) {
    const { [name]: original } = fs.promises
    fs.promises[name] = async (path, ...rest) => {
      if (strikes(name, String(path))) {
        await half(name, (...part) => original(path, ...part), rest)
        throw failure(name, path, rest)
      }
      const result = await original(path, ...rest)
      if (name === 'open') failHandle(result, String(path))
      return result
    }
  }
  for (const name of names.filter(name => `${name}Sync` in fs)) {
    const { [`${name}Sync`]: original } = fs
    fs[`${name}Sync`] = (path, ...rest) => {
      // Node's own calls within a call are not ours.
      if (inside || !strikes(`${name}Sync`, String(path))) return alone(() => original(path, ...rest))
      half(name, (...part) => original(path, ...part), rest)
      throw failure(name, path, rest)
    }
  }

  function alone(call) {
    const before = inside
    inside = true
    try {
      return call()
    } finally {
      inside = before
    }
  }

  function failHandle(handle, path) {
    for (const name of names.filter(name => typeof handle[name] === 'function')) {
      const original = handle[name].bind(handle)
      handle[name] = async (...given) => {
        if (strikes(`file.${name}`, path)) {
          await half(name, original, given)
          throw failure(name, path, given)
        }
        const result = await original(...given)
        if (name === 'write') wrote(path)
        return result
      }
    }
  }
}
