// Runs a TypeScript file of this repository from its sources: node scripts/run-source.mjs <file> [arguments]
import { spawn } from 'node:child_process'

const child = spawn(
  process.execPath, ['--conditions=@lapstrake/source', '--import', 'tsx', ...process.argv.slice(2)], { stdio: 'inherit' })
// The child hears Ctrl-C from the terminal itself and decides; this process only waits for it.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { if (signal === 'SIGTERM') child.kill(signal) })
child.on('exit', (code, signal) => { process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1) })
