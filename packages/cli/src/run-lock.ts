import { randomUUID } from 'node:crypto'
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isRunning, thisProcess, type ProcessIdentity } from './process-identity.ts'

interface Holder extends ProcessIdentity {
  readonly token: string
  readonly since: string
}

/** A run's folder that is this process's own. */
export interface RunLock {
  /** @throws Error if another process took the folder, as when this one gave no sign of life for too long */
  check(): void
  release(): void
}

export const lockFile = 'lock.json'

/** Milliseconds between signs of life, and those after which a holder that nobody here can ask counts as gone. */
const [beat, silence] = [15_000, 600_000]

/**
 * Makes a run's folder this process's own, until it is released or the process ends. What a process that ended left behind does not count; of one on
 * another machine or in another container, its signs of life tell.
 *
 * @throws Error if another process has it
 */
export function lockRun(folder: string): RunLock {
  const file = join(folder, lockFile)
  const mine: Holder = { ...thisProcess(), token: randomUUID(), since: new Date().toISOString() }
  while (!create(file, mine) && !replaceDead(file, mine)) {
    const holder = holderOf(file)
    if (holder === undefined || !isAlive(file, holder)) {
      // Half written, or about to be replaced: whoever does so needs a moment.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
      continue
    }
    throw new Error(
      `train: expected a run of its own in ${folder}, but process ${holder.pid} on ${holder.host} has been training there since ${holder.since}. ` +
      `Wait for it, choose another folder with --out, or, if nothing runs there any more, delete ${file}.`)
  }
  const isMine = (): boolean => holderOf(file)?.token === mine.token
  const beating = setInterval(() => { if (isMine()) touch(file) }, beat).unref()
  const release = (): void => {
    process.off('exit', release)
    clearInterval(beating)
    if (isMine()) rmSync(file, { force: true })
  }
  process.on('exit', release)
  return {
    release,
    check() {
      if (isMine()) return
      throw new Error(`train: expected ${folder} to be still this process's own, but its ${lockFile} is gone or another's. Nothing more is written there.`)
    }
  }
}

/** Whether a process is training in a run's folder. */
export function isHeld(folder: string): boolean {
  const file = join(folder, lockFile)
  const holder = holderOf(file)
  return holder !== undefined && isAlive(file, holder)
}

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
    writeFileSync(opened, JSON.stringify(mine))
  } catch (error) {
    rmSync(file, { force: true })
    throw cannot(file, error)
  } finally {
    closeSync(opened)
  }
  return true
}

const cannot = (file: string, error: unknown): Error =>
  new Error(`train: expected to write ${file}, but could not (${(error as NodeJS.ErrnoException).code ?? String(error)}). Choose another folder with --out.`, { cause: error })

/** Takes the place of a holder that is gone. Who does so holds a file of that name alone meanwhile, so that no two believe they did. */
function replaceDead(file: string, mine: Holder): boolean {
  const taking = `${file}.taking`
  if (!create(taking, mine)) {
    // One that was left by a crash in these few lines.
    if (ageOf(taking) > beat) rmSync(taking, { force: true })
    return false
  }
  try {
    const holder = holderOf(file)
    if (holder === undefined ? ageOf(file) < 1000 : isAlive(file, holder)) return false
    const beside = `${file}.${mine.token}`
    writeFileSync(beside, JSON.stringify(mine))
    renameSync(beside, file)
    return true
  } finally {
    rmSync(taking, { force: true })
  }
}

/** Nothing, where the file is half written or gone. */
function holderOf(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder
  } catch {
    return undefined
  }
}

const isAlive = (file: string, holder: Holder): boolean => isRunning(holder) ?? ageOf(file) < silence

/** Milliseconds since a file was last touched, by this machine's clock; Infinity where it is gone. */
function ageOf(file: string): number {
  try {
    return Date.now() - statSync(file).mtimeMs
  } catch {
    return Infinity
  }
}

function touch(file: string): void {
  try {
    utimesSync(file, new Date(), new Date())
  } catch {
    // Gone or not to be written: the next check says so.
  }
}
