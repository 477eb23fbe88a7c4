#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { alike } from './alike.ts'
import { answerForMissingGpu } from './missing-gpu.ts'
import { fail, stopQuietly } from './stop-quietly.ts'

stopQuietly()
// citty decides as it loads whether to colour, and looks at nothing else.
if (!process.stdout.isTTY || process.env.NO_COLOR) process.env.NO_COLOR = '1'
const { defineCommand, runMain } = await import('citty')

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

const subCommands = {
  train: async () => (await import('./train-command.ts')).trainCommand,
  plan: async () => (await import('./plan-command.ts')).planCommand,
  audit: async () => (await import('./audit-command.ts')).auditCommand,
  watch: async () => (await import('./watch-command.ts')).watchCommand,
  compare: async () => (await import('./compare-command.ts')).compareCommand,
  report: async () => (await import('./report-command.ts')).reportCommand,
  sweep: async () => (await import('./sweep-command.ts')).sweepCommand,
  evaluate: async () => (await import('./evaluate-command.ts')).evaluateCommand,
  certify: async () => (await import('./certify-command.ts')).certifyCommand,
  export: async () => (await import('./export-command.ts')).exportCommand,
  doctor: async () => (await import('./doctor-command.ts')).doctorCommand,
  quickstart: async () => (await import('./quickstart-command.ts')).quickstartCommand
}
const main = defineCommand({
  meta: { name: 'lapstrake', version, description: 'Trains networks in short, overlapping local units.' },
  setup({ rawArgs: [first] }) {
    if (first?.startsWith('-'))
      fail(
        new Error(
          `lapstrake: expected a command first, got ${first}. Options follow it: lapstrake train recipe.ts --epochs 1`
        )
      )
    if (first !== undefined && !Object.hasOwn(subCommands, first)) {
      fail(
        new Error(
          `lapstrake: expected a command among ${Object.keys(subCommands).join(', ')}, ` +
            `got ${first}.${alike(first, Object.keys(subCommands))}`
        )
      )
    }
  },
  subCommands
})

answerForMissingGpu()
await runMain(main)
