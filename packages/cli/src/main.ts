#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { fail, quietly, stopQuietly } from './terminal/stop-quietly.ts'
import { UsageError } from './terminal/usage-error.ts'

stopQuietly()
// citty decides as it loads whether to colour, and looks at nothing else.
if (!process.stdout.isTTY || process.env.NO_COLOR) process.env.NO_COLOR = '1'
const { defineCommand, renderUsage, runMain } = await import('citty')

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
  embed: async () => (await import('./commands/embed.ts')).embedCommand,
  neighbours: async () => (await import('./commands/neighbours.ts')).neighboursCommand,
  predict: async () => (await import('./commands/predict.ts')).predictCommand,
  export: async () => (await import('./commands/export.ts')).exportCommand,
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand,
  quickstart: async () => (await import('./commands/quickstart.ts')).quickstartCommand
}
const names = Object.keys(subCommands)
const main = defineCommand({
  meta: {
    name: 'lapstrake',
    version,
    description: 'Trains networks in short, overlapping local units.'
  },
  async setup({ rawArgs: [first, ...behind] }) {
    if (first === undefined) fail(new UsageError(await renderUsage(main)))
    if (first.startsWith('-'))
      fail(
        new UsageError(
          `lapstrake: expected a command first, got ${first}. Options follow it: lapstrake train recipe.ts --epochs 1`
        )
      )
    await refuseUnknown(first)
    // Before citty looks for what is missing, and takes of what is there twice the last.
    await quietly(async () => (await subCommands[first as keyof typeof subCommands]()).refuse(behind))
  },
  subCommands
})

async function refuseUnknown(name: string): Promise<void> {
  if (Object.hasOwn(subCommands, name)) return
  const { didYouMean } = await import('lapstrake')
  fail(
    new UsageError(
      `lapstrake: expected a command among ${names.join(', ')}, got ${name}.${didYouMean(name, [...names, 'help'])}`
    )
  )
}

/** `help train` is `train --help`. */
async function withoutHelp(given: string[]): Promise<string[]> {
  const [first, name, ...more] = given
  if (first !== 'help') return given
  if (name === undefined || name.startsWith('-')) return ['--help']
  await refuseUnknown(name)
  if (more.length > 0) fail(new UsageError(`help: expected one command, got ${more[0]} as well. Leave it out.`))
  return [name, '--help']
}

await runMain(main, { rawArgs: await withoutHelp(process.argv.slice(2)) })
