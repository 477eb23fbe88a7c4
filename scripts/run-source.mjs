// Runs a TypeScript file of this repository from its sources: node scripts/run-source.mjs <file> [arguments]
import { spawn } from 'node:child_process'
import { constants } from 'node:os'

const child = spawn(
  process.execPath, ['--conditions=@lapstrake/source', '--import', 'tsx', ...process.argv.slice(2)], { stdio: 'inherit' })
// The child hears Ctrl-C from the terminal itself and decides; this process only waits for it. What is sent to this process alone, it passes on.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => { if (signal !== 'SIGINT') child.kill(signal) })
child.on('exit', (code, signal) => { process.exitCode = code ?? 128 + constants.signals[signal] })
