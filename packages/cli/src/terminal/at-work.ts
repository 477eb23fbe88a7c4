/** Tells what a command is at, and how far. */
export interface AtWork {
  say(what: string): void
  end(): void
}

/** Milliseconds between plain lines. */
const pause = 10_000

/** Shows what is being done: one line that changes in a terminal; elsewhere a line every ten seconds. */
export function atWork(): AtWork {
  const { stderr } = process
  let said = performance.now()
  return {
    say(what) {
      if (stderr.isTTY) {
        stderr.write(`\r\x1b[2K${what.slice(0, (stderr.columns || 80) - 1)}`)
        return
      }
      const now = performance.now()
      if (now - said < pause) return
      said = now
      stderr.write(`${what}\n`)
    },
    end() {
      if (stderr.isTTY) stderr.write('\r\x1b[2K')
    }
  }
}
