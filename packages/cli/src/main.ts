#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { answerForMissingGpu } from './terminal/missing-gpu.ts'
import { fail, quietly, stopQuietly } from './terminal/stop-quietly.ts'

stopQuietly()
// citty decides as it loads whether to colour, and looks at nothing else.
if (!process.stdout.isTTY || process.env.NO_COLOR) process.env.NO_COLOR = '1'
const { defineCommand, runMain } = await import('citty')

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

const subCommands = {
  train: async () => (await import('./commands/train.ts')).trainCommand,
  plan: async () => (await import('./commands/plan.ts')).planCommand,
  audit: async () => (await import('./commands/audit.ts')).auditCommand,
  watch: async () => (await import('./commands/watch.ts')).watchCommand,
  compare: async () => (await import('./commands/compare.ts')).compareCommand,
  report: async () => (await import('./commands/report.ts')).reportCommand,
  sweep: async () => (await import('./commands/sweep.ts')).sweepCommand,
  evaluate: async () => (await import('./commands/evaluate.ts')).evaluateCommand,
  certify: async () => (await import('./commands/certify.ts')).certifyCommand,
  export: async () => (await import('./commands/export.ts')).exportCommand,
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand,
  quickstart: async () => (await import('./commands/quickstart.ts')).quickstartCommand
}
const main = defineCommand({
  meta: { name: 'lapstrake', version, description: 'Trains networks in short, overlapping local units.' },
  async setup({ rawArgs: [first, ...behind] }) {
    if (first?.startsWith('-'))
      fail(
        new Error(
          `lapstrake: expected a command first, got ${first}. Options follow it: lapstrake train recipe.ts --epochs 1`
        )
      )
    if (first !== undefined && !Object.hasOwn(subCommands, first)) {
      const { didYouMean } = await import('lapstrake')
      fail(
        new Error(
          `lapstrake: expected a command among ${Object.keys(subCommands).join(', ')}, ` +
            `got ${first}.${didYouMean(first, Object.keys(subCommands))}`
        )
      )
    }
    // Before citty looks for what is missing, and takes of what is there twice the last.
    if (first !== undefined)
      await quietly(async () => (await subCommands[first as keyof typeof subCommands]()).refuse(behind))
  },
  subCommands
})

answerForMissingGpu()
await runMain(main)
