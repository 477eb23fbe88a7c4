// Loaded before a module, tells on standard output what the process opens beside code: files, connections, processes.
import childProcess from 'node:child_process'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import workers from 'node:worker_threads'

const root = fileURLToPath(new URL('../../..', import.meta.url))
/** Whether a path is of a module of ours or of a package. */
const isCode = path => path.startsWith(root) && /\.([cm]?[jt]s|json|js\.map)$/.test(path)
/** Whether it is of a folder on the way to one. */
const isOnTheWay = path => `${path}/`.startsWith(root) && !/\.[^/]*$/.test(path)
const tell = what => process.stdout.write(`opened: ${what}\n`)

function watch(object, name, describe) {
  const original = object[name]
  if (typeof original !== 'function') return
  object[name] = function (...given) {
    const what = describe(...given)
    if (what !== undefined) tell(`${name} ${what}`)
    return new.target ? Reflect.construct(original, given, new.target) : Reflect.apply(original, this, given)
  }
  Object.assign(object[name], original)
  object[name].prototype = original.prototype
}

const unless = passes => path => {
  if (typeof path === 'number') return undefined
  const named = path instanceof URL || String(path).startsWith('file:') ? fileURLToPath(path) : resolve(String(path))
  return passes(named) ? undefined : named
}
const watchAll = (names, describe) =>
  names.forEach(name => {
    watch(fs, name, describe)
    watch(fs, `${name}Sync`, describe)
    watch(fs.promises, name, describe)
  })
watchAll(['open', 'readFile', 'readdir', 'opendir', 'createReadStream'], unless(isCode))
watchAll(['stat', 'lstat', 'access', 'readlink', 'realpath'], unless(path => isCode(path) || isOnTheWay(path)))
watch(net.Socket.prototype, 'connect', () => '')
watch(globalThis, 'fetch', address => String(address))
watch(childProcess, 'spawn', program => program)
watch(workers, 'Worker', file => String(file))
syncBuiltinESMExports()
