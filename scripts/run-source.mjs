// Runs a TypeScript file of this repository from its sources: node scripts/run-source.mjs <file> [arguments]
import { spawn, spawnSync } from 'node:child_process'
import { constants } from 'node:os'

const child = spawn(process.execPath, ['--conditions=@lapstrake/source', '--import', 'tsx', ...process.argv.slice(2)], {
  stdio: 'inherit'
})
// The child hears Ctrl-C from the terminal itself and decides; this process only waits for it. What is sent to this
// process alone, it passes on.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => {
    if (signal !== 'SIGINT') child.kill(signal)
  })
child.on('exit', (code, signal) => {
  process.exitCode = code ?? 128 + constants.signals[signal]
})

// npm ends without a word to what it started: when the shell between or npm itself is gone, so is whoever asked for
// this.
if (process.env.npm_lifecycle_event !== undefined && process.platform !== 'win32') {
  const above = Number(spawnSync('ps', ['-o', 'ppid=', '-p', String(process.ppid)], { encoding: 'utf8' }).stdout)
  const parents = [process.ppid, above].filter(pid => pid > 1)
  const isGone = pid => {
    try {
      return !process.kill(pid, 0)
    } catch (error) {
      return error.code === 'ESRCH'
    }
  }
  setInterval(() => {
    if (parents.some(isGone)) child.kill('SIGTERM')
  }, 500).unref()
}
