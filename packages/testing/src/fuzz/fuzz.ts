import { setImmediate } from 'node:timers/promises'
import { seeded, type Random } from '@lapstrake/core'
import { draws } from './draws.ts'
import { measure } from './measure.ts'
import { mutant } from './mutant.ts'
import { watchdog } from './watchdog.ts'

export interface FuzzSuite {
  /** Good inputs to begin from; the reader must take each. */
  readonly inputs: readonly Uint8Array[]
  /** Reads an input, and frees what it made of it. */
  read(input: Uint8Array): unknown
  /** What a refusal says; all else that is thrown is a crash. */
  readonly allowed: RegExp
  /** Makes the checksums of an input right again: so half of the inputs come to what stands behind them. */
  restamp?(input: Uint8Array): Uint8Array
  /** Most bytes that may be allocated for one byte of an input, 500 if not said; inputs below 1 KiB count as such. */
  readonly memory?: number | undefined
}

/** Which inputs are read. */
export interface FuzzRange {
  readonly seed: number
  readonly from: number
  readonly count: number
}

/** What came of it. */
export interface FuzzReport {
  readonly reader: string
  readonly inputs: number
  readonly refused: number
  readonly read: number
  /** Milliseconds of the slowest input. */
  readonly slowest: number
  /** Most bytes allocated for one byte of an input. */
  readonly memory: number
  /** What went wrong, with the number of the input. */
  readonly crashes: readonly { readonly input: number; readonly what: string }[]
}

/** Longer than this, in milliseconds, is a hang. */
const hang = 1000

/** Reads mutants of good inputs. The same seed and number give the same mutant, whatever came before. */
export async function fuzz(name: string, suite: FuzzSuite, { seed, from, count }: FuzzRange): Promise<FuzzReport> {
  const { read, allowed, memory = 500 } = suite
  const random = seeded(seed).split(name)
  const dog = watchdog(name, seed)
  const total = { reader: name, inputs: count, refused: 0, read: 0, slowest: 0, memory: 0 }
  const crashes: { input: number; what: string }[] = []
  for (let number = from; number < from + count; number++) {
    const input = inputOf(suite, random, number)
    const copy = input.slice()
    const size = Math.max(1024, input.length)
    dog.at(number)
    const most = { milliseconds: hang, bytes: memory * size }
    const usual = { milliseconds: Math.min(hang, total.slowest), bytes: Math.min(memory, total.memory) * size }
    const { milliseconds, bytes, thrown } = await measure(() => read(input), { usual, most })
    const crash = (what: string): unknown => crashes.push({ input: number, what })
    if (thrown === undefined) total.read++
    else if (thrown.error instanceof Error && allowed.test(thrown.error.message)) total.refused++
    else crash(said(thrown.error))
    if (milliseconds > most.milliseconds) crash(`took ${Math.round(milliseconds)} ms`)
    if (bytes > most.bytes) crash(`took ${bytes} bytes of memory for ${input.length}`)
    if (Buffer.compare(input, copy) !== 0) crash('was changed by reading it')
    total.slowest = Math.max(total.slowest, milliseconds)
    total.memory = Math.max(total.memory, bytes / size)
    // Whoever waits for this process hears from it.
    if (number % 1000 === 0) await setImmediate()
  }
  await dog.stop()
  return { ...total, crashes }
}

function inputOf({ inputs, restamp }: FuzzSuite, random: Random, number: number): Uint8Array {
  const bytes = mutant(inputs, draws(random.split(number)))
  return restamp !== undefined && number % 2 === 1 ? restamp(bytes) : bytes
}

/** An error with the places next to it. */
const said = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 4).join('\n') : `threw ${error}`
