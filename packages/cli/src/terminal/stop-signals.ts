/** What asks a process to end, and the number that its exit status is then above 128. */
const signals = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const
const SIGPIPE = 13

/** Whether a process was asked to end, and with which status it then does. */
export interface Stop {
  readonly signal: AbortSignal
  /**
   * Waits for what a run begins with: where a signal ends the wait, the process ends too. From then on there are steps
   * to finish and to save.
   */
  opening<T>(beginning: Promise<T>): Promise<T>
  /** As a shell has it: 128 and the number of the signal. */
  status(): number
}

/**
 * Listens for what ends a run from outside: Ctrl-C, `kill`, the end of a job or a container, a connection that is lost,
 * a reader of the output that went away. Ctrl-C twice ends the process at once; other signals may come more than once,
 * to a process and to the one that started it.
 */
export function stopSignals(): Stop {
  const controller = new AbortController()
  let status = 0
  let isBegun = false
  const stop = (number: number): void => {
    if (controller.signal.aborted) return
    status = 128 + number
    controller.abort()
    process.stderr.write(isBegun ? '\nFinishing the step, then saving.\n' : '\nEnding before the first step.\n')
  }
  let interrupted = false
  process.on('SIGINT', () => {
    if (interrupted) process.exit(130)
    interrupted = true
    stop(signals.SIGINT)
  })
  for (const name of ['SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop(signals[name]))
  // Whatever is said from now on is said to nobody.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', ({ code }: NodeJS.ErrnoException) => {
      // A log on a full disk is no reader that went away.
      if (code === 'EPIPE' || code === 'EIO' || code === 'ERR_STREAM_DESTROYED') stop(SIGPIPE)
    })
  }
  return {
    signal: controller.signal,
    async opening(beginning) {
      const opened = await beginning.catch((error: unknown) => {
        if (controller.signal.aborted && error === controller.signal.reason) process.exit(status)
        throw error
      })
      isBegun = true
      return opened
    },
    status: () => status
  }
}
