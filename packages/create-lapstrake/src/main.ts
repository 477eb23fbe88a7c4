#!/usr/bin/env node
import { resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { parseArgs } from 'node:util'
import { create } from './create.ts'
import { isKind, kinds, type Kind } from './kinds.ts'

const usage = `npm create lapstrake@latest my-project
npm create lapstrake@latest my-loss -- --plugin loss

Makes a folder with a recipe, data of your own, a test and a README, which trains at its first npm start; with --plugin
a loss, an isolation or a stage of your own, with the tests that all of these pass, ready to be published.

  --plugin KIND   ${kinds.join(', ')}
  --help          shows this
`

interface Wanted {
  readonly folder: string
  readonly kind: Kind | undefined
}

try {
  const wanted = wantedBy(process.argv.slice(2)) ?? (await ask())
  const made = create(resolve(wanted.folder), wanted.kind)
  process.stdout.write(`Made ${made.join(', ')}.\n\n${next(wanted)}`)
} catch (error) {
  process.stderr.write(`create-lapstrake: ${(error as Error).message}\n`)
  process.exitCode = 1
}

/** What was typed, or nothing where someone is there to be asked. */
function wantedBy(typed: readonly string[]): Wanted | undefined {
  const { values, positionals } = parsed(typed)
  const { plugin: kind } = values
  const [folder, ...more] = positionals
  if (values.help) {
    process.stdout.write(usage)
    process.exit(0)
  }
  if (kind !== undefined && !isKind(kind)) return refuse(`expected --plugin ${kinds.join(', ')}, got ${kind}.`)
  if (more.length > 0) return refuse(`expected one name, got ${positionals.join(' ')}.`)
  if (folder !== undefined) return { folder, kind }
  if (process.stdin.isTTY && process.stdout.isTTY && kind === undefined) return undefined
  return refuse('expected a name for the folder, got none.')
}

function parsed(typed: readonly string[]): {
  readonly values: { readonly plugin?: string; readonly help?: boolean }
  readonly positionals: readonly string[]
} {
  try {
    const options = { plugin: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const
    return parseArgs({ args: [...typed], allowPositionals: true, options })
  } catch {
    return refuse(`expected a name, and perhaps --plugin with a kind, got ${typed.join(' ')}.`)
  }
}

async function ask(): Promise<Wanted> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  try {
    const kind = (await terminal.question(`A project, or a plugin (${kinds.join(', ')})? [project] `)).trim()
    if (kind !== '' && kind !== 'project' && !isKind(kind)) return refuse(`expected project or a plugin, got ${kind}.`)
    const usual = isKind(kind) ? `my-${kind}` : 'my-project'
    const folder = (await terminal.question(`Its name? [${usual}] `)).trim() || usual
    return { folder, kind: isKind(kind) ? kind : undefined }
  } finally {
    terminal.close()
  }
}

/** Says what is wrong with what was typed, and ends. */
function refuse(what: string): never {
  process.stderr.write(`create-lapstrake: ${what} Try:\n\n${usage}`)
  process.exit(2)
}

/** What to type now. */
function next({ folder, kind }: Wanted): string {
  const enter = folder === '.' ? [] : [`  cd ${folder}`]
  return ['Next:', ...enter, '  npm install', kind === undefined ? '  npm start' : '  npm test', ''].join('\n')
}
