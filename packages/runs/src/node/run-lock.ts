import { randomUUID } from 'node:crypto'
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { checkFolder } from './check-folder.ts'
import { isCount, isText, objectOf } from './json-shapes.ts'
import { isRunning, thisProcess, type ProcessIdentity } from './process-identity.ts'

interface Holder extends ProcessIdentity {
  readonly token: string
  readonly since: string
}

/** A run's folder that is this process's own. */
export interface RunLock {
  /** @throws Error if another process took the folder, as when this one was frozen for long */
  check(): void
  release(): void
}

export const lockFile = 'lock.json'

/** Milliseconds between signs of life, and those that one who is not to be asked is given to show one. */
const [beat, patience] = [5000, 16_000]

/**
 * Makes a run's folder this process's own, until it is released or the process ends. What a process that ended left
 * behind does not count. One in another container or on another machine cannot be asked whether it runs: it touches the
 * file every few seconds as long as it does.
 *
 * @throws Error if another process has it
 */
export async function lockRun(folder: string): Promise<RunLock> {
  const file = join(folder, lockFile)
  const mine: Holder = { ...thisProcess(), token: randomUUID(), since: new Date().toISOString() }
  const isOld = unchangedFor(1000)
  while (!create(file, mine)) {
    const holder = holderOf(file)
    if (holder !== undefined && (await isAlive(file, holder))) {
      throw new Error(
        `train: expected a run of its own in ${folder}, but process ${holder.pid} on ${holder.host} has been ` +
          `training there since ${holder.since}. ` +
          `Wait for it, choose another folder with --out, or, if nothing runs there any more, delete ${file}.`
      )
    }
    if (replaceDead(file, mine, holder, isOld)) break
    await setTimeout(20)
  }
  const isMine = (): boolean => holderOf(file)?.token === mine.token
  const beating = beatingOf(file, mine)
  const release = (): void => {
    process.off('exit', release)
    void beating?.terminate()
    try {
      if (isMine()) rmSync(file, { force: true })
    } catch (error) {
      // What was trained is saved, and whoever comes next sees that this process is gone.
      const what = `expected to remove ${file}, but could not (${codeOf((error as Error).cause ?? error)})`
      process.stderr.write(`train: ${what}. Nothing runs there any more: delete it.\n`)
    }
  }
  process.on('exit', release)
  return {
    release,
    check() {
      if (isMine()) return
      throw new Error(
        `train: expected ${folder} to be still this process's own, but its ${lockFile} is gone or another's. ` +
          'Nothing more is written there.'
      )
    }
  }
}

/** Whether a process is training in a run's folder, as far as can be told at once. */
export function isHeld(folder: string): boolean {
  checkFolder(folder)
  const file = join(folder, lockFile)
  const holder = holderOrNobody(file)
  return holder !== undefined && (isRunning(holder) ?? Date.now() - touchedAt(file) < 4 * beat)
}

/**
 * Shows signs of life, in a thread of its own: a step may take longer than the silence that is taken for death. Where
 * no thread can be had the run goes on; only whoever cannot ask for this process could take it for dead.
 */
function beatingOf(file: string, { token }: Holder): Worker | undefined {
  const quiet = (error: Error): void => {
    process.stderr.write(
      `train: expected a thread to show by ${file} that this process runs, but it could not (${error.message}). ` +
        'Do not train in this folder from another container or machine meanwhile.\n'
    )
  }
  try {
    const beating = new Worker(pulse, { eval: true, execArgv: [], workerData: { file, token, beat } })
    beating.unref()
    return beating.on('error', quiet)
  } catch (error) {
    quiet(error as Error)
    return undefined
  }
}

/** Touches the file as long as it is this process's. */
const pulse = `
const { readFileSync, utimesSync } = require('node:fs')
const { workerData: { file, token, beat } } = require('node:worker_threads')
setInterval(() => {
  try {
    if (JSON.parse(readFileSync(file, 'utf8')).token === token) utimesSync(file, new Date(), new Date())
  } catch {}
}, beat)`

/** One call that fails where the file is there: of two that come at once one succeeds. */
function create(file: string, mine: Holder): boolean {
  let opened: number
  try {
    opened = openSync(file, 'wx')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw cannot(file, error)
  }
  try {
    try {
      writeFileSync(opened, JSON.stringify(mine))
    } finally {
      closeSync(opened)
    }
  } catch (error) {
    rmSync(file, { force: true })
    throw cannot(file, error)
  }
  return true
}

const cannot = (file: string, error: unknown): Error =>
  new Error(
    `train: expected to write ${file}, but could not (${codeOf(error)}). Make its folder one that can be written, ` +
      'or choose another.',
    { cause: error }
  )

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error)

/**
 * Takes the place of a holder that is gone, or of nobody, where a crash left half a file. Who does so holds a file of
 * that name alone meanwhile, so that no two believe they did.
 */
function replaceDead(file: string, mine: Holder, dead: Holder | undefined, isOld: (path: string) => boolean): boolean {
  const taking = `${file}.taking`
  if (!create(taking, mine)) {
    // One that was left by a crash in these few lines.
    if (isOld(taking)) rmSync(taking, { force: true })
    return false
  }
  try {
    const now = holderOf(file)
    if (now?.token !== dead?.token || (dead === undefined && !isOld(file))) return false
    const beside = `${file}.${mine.token}`
    try {
      writeFileSync(beside, JSON.stringify(mine))
      renameSync(beside, file)
    } catch (error) {
      rmSync(beside, { force: true })
      throw cannot(file, error)
    }
    return true
  } finally {
    rmSync(taking, { force: true })
  }
}

/**
 * Whether a file has not changed for so many milliseconds, by this process's own clock: that of a disk may be another.
 */
function unchangedFor(milliseconds: number): (path: string) => boolean {
  const seen = new Map<string, { readonly touched: number; readonly since: number }>()
  return path => {
    const touched = touchedAt(path)
    const before = seen.get(path)
    if (before?.touched === touched) return performance.now() - before.since > milliseconds
    seen.set(path, { touched, since: performance.now() })
    return false
  }
}

/**
 * Nothing, where the file is half written or gone.
 *
 * @throws Error if it is there and cannot be read, for that tells of nobody, or is a file of others
 */
function holderOf(file: string): Holder | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    const what = `expected to read who has ${file}, but could not (${codeOf(error)})`
    throw new Error(`train: ${what}. Check the disk and the folder.`, { cause: error })
  }
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch {
    return undefined
  }
  if (isHolder(found)) return found as Holder
  throw new Error(
    `train: expected ${file} to say which process trains there, got ${text.slice(0, 40)}. Move it away, ` +
      'or choose another folder with --out.'
  )
}

const isHolder = objectOf(
  { pid: isCount, host: isText, token: isText, since: isText },
  { space: isText, began: isText }
)

function holderOrNobody(file: string): Holder | undefined {
  try {
    return holderOf(file)
  } catch {
    return undefined
  }
}

/** Asks a holder, or where nobody here can, waits for a sign of life. */
async function isAlive(file: string, holder: Holder): Promise<boolean> {
  const told = isRunning(holder)
  if (told !== undefined) return told
  process.stderr.write(`Looking whether process ${holder.pid} on ${holder.host} still trains there.\n`)
  const before = touchedAt(file)
  for (let waited = 0; waited < patience; waited += 200) {
    await setTimeout(200)
    const now = holderOf(file)
    if (now?.token !== holder.token) return false
    if (touchedAt(file) !== before) return true
  }
  return false
}

/** Milliseconds by the clock of the disk; long ago where it is gone. */
function touchedAt(file: string): number {
  try {
    return statSync(file).mtimeMs
  } catch {
    return -Infinity
  }
}
