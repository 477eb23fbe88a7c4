import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'

interface Holder {
  readonly pid: number
  readonly host: string
  readonly since: string
}

/**
 * Makes a run's folder this process's own, until it is released or the process ends. What a process that was killed left behind does not count.
 *
 * @throws Error if another process has it
 */
export function lockRun(folder: string): () => void {
  const file = join(folder, 'lock.json')
  const mine: Holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() }
  for (;;) {
    try {
      // One call that fails where the file is there: two that come at once cannot both succeed.
      writeFileSync(file, JSON.stringify(mine), { flag: 'wx' })
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const holder = holderOf(file)
      if (holder !== undefined && isAlive(holder)) {
        throw new Error(
          `train: expected a run of its own in ${folder}, but process ${holder.pid} on ${holder.host} has been training there since ${holder.since}. ` +
          `Wait for it, choose another folder with --out, or, if nothing runs there any more, delete ${file}.`, { cause: error })
      }
      rmSync(file, { force: true })
    }
  }
  const release = (): void => {
    process.off('exit', release)
    rmSync(file, { force: true })
  }
  process.on('exit', release)
  return release
}

/** Whether a process is training in a run's folder. */
export function isHeld(folder: string): boolean {
  const holder = holderOf(join(folder, 'lock.json'))
  return holder !== undefined && isAlive(holder)
}

/** Nothing, where the file is half written or gone. */
function holderOf(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder
  } catch {
    return undefined
  }
}

/** Whether its process runs. Of another machine nobody here can tell, so it does. */
function isAlive({ pid, host }: Holder): boolean {
  if (host !== hostname()) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
