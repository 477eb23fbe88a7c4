import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { command, environment, root, type Ended } from './lapstrake.ts'

/** A place in this repository that calls what may fail. */
export interface Site {
  /** What it calls, as `file.sync`, `rename`, or `array` for memory. */
  readonly kind: string
  /** Where the engine has it. */
  readonly place: string
  /** The same, for people. */
  readonly shown: string
  readonly calls: number
  /** Steps that were written down before its calls. */
  readonly steps: readonly number[]
  readonly files: readonly string[]
}

/** A call that is to fail. */
export interface Fault extends Pick<Site, 'kind' | 'place'> {
  /** Its number among the calls of its place, from 1. */
  readonly call: number
  /** Whether those behind it fail, too. */
  readonly onwards: boolean
}

export interface Faulty extends Ended {
  /** Whether the call came, and failed. */
  readonly struck: boolean
  /** Whether the command had not ended in the time it was given. */
  readonly hung: boolean
}

/** Milliseconds that a command is given: many times what it takes. */
const patience = 120_000

export interface Recorded {
  readonly sites: readonly Site[]
  readonly ended: Ended
}

/** The calls that a command makes. */
export async function sitesOf(given: readonly string[], beside: string): Promise<Recorded> {
  const record = `${beside}.sites`
  const ended = await run(given, { record })
  const sites = JSON.parse(readFileSync(record, 'utf8')) as readonly Site[]
  rmSync(record)
  return { sites, ended }
}

/** Runs a command, one call of which fails, if any is given. */
export async function runFaulty(given: readonly string[], fault: Fault | undefined, beside: string): Promise<Faulty> {
  const struck = `${beside}.struck`
  const ended = await run(given, fault && { ...fault, struck })
  const came = existsSync(struck)
  rmSync(struck, { force: true })
  return { ...ended, struck: came }
}

function run(given: readonly string[], faults: object | undefined): Promise<Omit<Faulty, 'struck'>> {
  const [program, words] = command(...given)
  const tsx = words.indexOf('tsx') + 1
  const preload = ['--import', new URL('faults.mjs', import.meta.url).pathname]
  const child = spawn(program, faults ? [...words.slice(0, tsx), ...preload, ...words.slice(tsx)] : words, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...environment, ...(faults && { LAPSTRAKE_FAULTS: JSON.stringify(faults) }) }
  })
  const said = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (chunk: Buffer) => {
      said[stream] += chunk.toString()
    })
  }
  let hung = false
  const timer = setTimeout(() => {
    hung = true
    child.kill('SIGKILL')
  }, patience)
  return new Promise(resolve =>
    child.on('close', status => {
      clearTimeout(timer)
      resolve({ status, ...said, hung })
    })
  )
}
