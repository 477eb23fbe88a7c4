/** Tells what a command is at, and how far. */
export interface AtWork {
  say(what: string): void
  end(): void
}

/** Milliseconds between plain lines. */
const pause = 10_000

/**
 * Shows what is being done: one line that changes in a terminal; elsewhere a line where something else is begun, and
 * every ten seconds.
 */
export function atWork(): AtWork {
  const { stderr } = process
  let [kind, said] = ['', -Infinity]
  return {
    say(what) {
      if (stderr.isTTY) {
        stderr.write(`\r\x1b[2K${what.slice(0, (stderr.columns || 80) - 1)}`)
        return
      }
      const [now, [words]] = [performance.now(), what.split(/\d/, 1)]
      if (words === kind && now - said < pause) return
      kind = words!
      said = now
      stderr.write(`${what}\n`)
    },
    end() {
      if (stderr.isTTY) stderr.write('\r\x1b[2K')
    }
  }
}
