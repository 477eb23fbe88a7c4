import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** What tells a process from every other, also from one that later has its number. */
export interface ProcessIdentity {
  readonly pid: number
  readonly host: string
  /**
   * The boot of the machine and the space in which its number counts: a container has one of its own. Absent where the
   * system does not tell.
   */
  readonly space?: string | undefined
  /** When it began, in ticks since the boot. Absent where the system does not tell. */
  readonly began?: string | undefined
}

/** This process. */
export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, host: hostname(), space: spaceOf(), began: beganOf(process.pid) }
}

/** Whether a process runs; nothing where nobody here can tell, as of one on another machine or in another container. */
export function isRunning({ pid, host, space, began }: ProcessIdentity): boolean | undefined {
  if (host !== hostname() || space !== spaceOf()) return undefined
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return began === beganOf(pid)
}

/** The boot and the namespace of numbers, on Linux. */
const spaceOf = (): string | undefined =>
  attempt(
    () => `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`
  )

/** Field 22 of Linux's `stat`; the name before it may hold anything, so it is cut off at its last bracket. */
const beganOf = (pid: number): string | undefined =>
  attempt(() => {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19]
  })

function attempt<T>(f: () => T): T | undefined {
  try {
    return f()
  } catch {
    return undefined
  }
}
