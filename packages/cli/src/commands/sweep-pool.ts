import { manifestIn, type SweepRun } from './sweep-runs.ts'
import { spawn, type ChildProcess } from 'node:child_process'
import { dirname } from 'node:path'
import { canGoOn, writeOwnFile } from '@lapstrake/runs/node'
import { makeFolder } from 'lapstrake/node'
import { duration } from '../terminal/duration.ts'

/** How a run ended, and what there is to say of it. */
export interface Outcome {
  readonly ended: 'finished' | 'kept' | 'interrupted' | 'crashed' | 'not begun'
  readonly said?: string | undefined
}

/** Processes that train runs. */
export interface Pool {
  train(run: SweepRun): Promise<Outcome>
  stopping(): boolean
}

/**
 * Trains runs in processes of their own, with what is `chosen` where they begin. One that crashes leaves the others;
 * Ctrl-C lets each save and ends them all.
 */
export function poolOf(chosen: readonly string[], options: readonly string[], overwrite: boolean): Pool {
  const running = new Set<ChildProcess>()
  let stopping = false
  const stop = (): void => {
    process.stderr.write(
      stopping ? 'Ending at once.\n' : 'Each run finishes its step and saves; once more to end at once.\n'
    )
    stopping = true
    for (const child of running) child.kill('SIGINT')
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop)
  process.on('exit', () => running.forEach(child => child.kill('SIGKILL')))
  return {
    stopping: () => stopping,
    async train({ name, seed, recipe, folder }) {
      const manifest = await manifestIn(folder).catch((error: Error) => error)
      if (manifest instanceof Error) return { ended: 'crashed', said: manifest.message }
      if (manifest?.finished && !overwrite) return { ended: 'kept', said: 'it was finished before' }
      const resumes = !overwrite && manifest !== undefined && canGoOn(folder)
      const given = resumes
        ? ['--resume', folder]
        : [recipe, ...chosen, '--seed', String(seed), '--out', folder, '--overwrite']
      process.stderr.write(`${name}, seed ${seed}: ${resumes ? 'goes on' : 'begins'}\n`)
      const began = performance.now()
      // A group of its own: Ctrl-C in the terminal reaches this process alone, which passes it on once.
      const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, 'train', ...given, ...options], {
        stdio: ['ignore', 'ignore', 'pipe'],
        detached: true
      })
      running.add(child)
      let said = ''
      child.stderr!.on('data', (chunk: Buffer) => {
        said += chunk.toString()
      })
      const [code, signal] = await new Promise<[number | null, NodeJS.Signals | string | null]>(resolve => {
        child.once('error', error => resolve([null, error.message]))
        child.once('close', (code, signal) => resolve([code, signal]))
      })
      running.delete(child)
      await makeFolder(dirname(folder))
        .then(() => writeOwnFile(`${folder}.log`, `lapstrake train ${given.join(' ')}\n${said}`))
        .catch((error: Error) => process.stderr.write(`${error.message}\n`))
      const outcome: Outcome =
        code === 0
          ? { ended: 'finished', said: `in ${duration((performance.now() - began) / 1000)}` }
          : stopping
            ? {
                ended: 'interrupted',
                said: canGoOn(folder)
                  ? 'goes on when the sweep is begun again'
                  : 'begins anew when the sweep is begun again'
              }
            : {
                ended: 'crashed',
                said: `${
                  signal === null
                    ? said
                        .trim()
                        .split(/[\r\n]+/)
                        .at(-1)!
                    : `by ${signal}`
                } See ${folder}.log`
              }
      process.stderr.write(`${name}, seed ${seed}: ${outcome.ended} ${outcome.said}\n`)
      return outcome
    }
  }
}
