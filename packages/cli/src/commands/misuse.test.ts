import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ArgsDef } from 'citty'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Command } from '../terminal/command.ts'
import { command, environment, root } from '../testing/lapstrake.ts'
import { auditCommand } from './audit.ts'
import { certifyCommand } from './certify.ts'
import { compareCommand } from './compare.ts'
import { doctorCommand } from './doctor.ts'
import { embedCommand } from './embed.ts'
import { evaluateCommand } from './evaluate.ts'
import { exportCommand } from './export.ts'
import { neighboursCommand } from './neighbours.ts'
import { planCommand } from './plan.ts'
import { predictCommand } from './predict.ts'
import { quickstartCommand } from './quickstart.ts'
import { reportCommand } from './report.ts'
import { sweepCommand } from './sweep.ts'
import { trainCommand } from './train.ts'
import { watchCommand } from './watch.ts'

const commands: Readonly<Record<string, Command>> = {
  audit: auditCommand,
  certify: certifyCommand,
  compare: compareCommand,
  doctor: doctorCommand,
  embed: embedCommand,
  evaluate: evaluateCommand,
  export: exportCommand,
  neighbours: neighboursCommand,
  plan: planCommand,
  predict: predictCommand,
  quickstart: quickstartCommand,
  report: reportCommand,
  sweep: sweepCommand,
  train: trainCommand,
  watch: watchCommand
}

test.each(Object.entries(commands))('%s refuses words that it does not know, or that say nothing', (name, one) => {
  const args = (one.args ?? {}) as ArgsDef
  const names = Object.entries(args).filter(([, { type }]) => type === 'positional')
  const given = names.map(() => 'x')
  const refuse =
    (...words: string[]) =>
    (): void =>
      one.refuse(words)
  expect(refuse(...given)).not.toThrow()
  expect(refuse(...given, '--bogus')).toThrow(
    new RegExp(`^${name}: expected (no options|options among .*), got --bogus`)
  )
  for (const [flag, { type }] of Object.entries(args)) {
    if (type === 'positional') continue
    const typed = type === 'boolean' ? [`--${flag}`] : [`--${flag}`, '1']
    expect(refuse(...given, ...typed)).not.toThrow()
    if (flag === 'set') expect(refuse(...given, ...typed, ...typed)).not.toThrow()
    else expect(refuse(...given, ...typed, ...typed)).toThrow(`${name}: expected --${flag} once, got it again.`)
    if (type === 'boolean') expect(refuse(...given, `--${flag}=maybe`)).toThrow(`${name}: expected --${flag} without`)
    else {
      expect(refuse(...given, `--${flag}`)).toThrow(`${name}: expected something behind --${flag}, got nothing.`)
      expect(refuse(...given, `--${flag}`, '--help')).toThrow(
        `${name}: expected something behind --${flag}, got --help`
      )
    }
  }
  if (names.some(([, { required }]) => required === true))
    expect(refuse()).toThrow(new RegExp(`^${name}: expected .*, got nothing\\. Name it, as in: lapstrake ${name} <`))
})

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-misuse-'))
  await mkdir(join(folder, 'empty'))
  await writeFile(join(folder, 'file'), 'x')
  await writeFile(join(folder, 'syntax.ts'), "export default { name: 'x',\n")
  await writeFile(join(folder, 'nothing.ts'), 'export const experiment = 1\n')
})
afterAll(() => rm(folder, { recursive: true }))

/** How a command ends; two may run at a time. */
const ended = (...given: string[]): Promise<{ readonly status: number | null; readonly said: string }> =>
  new Promise(resolve => {
    const child = spawn(...command(...given), { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += String(chunk)))
    child.on('close', status => resolve({ status, said }))
  })

const ofRuns = ['certify', 'compare', 'evaluate', 'export', 'report', 'watch'].map(name => [name])
const ofRecipes = ['audit', 'plan', 'sweep', 'train'].map(name => [name])

test.each<[string, readonly string[][], string, string]>([
  ['a file for a run', ofRuns, 'file', 'run: expected the folder of a run, got the file '],
  ['an empty folder for a run', [...ofRuns, ['train', '--resume']], 'empty', 'run: expected a run in '],
  ['a recipe that cannot be parsed', ofRecipes, 'syntax.ts', 'to load, but it does not: '],
  ['a recipe that exports none', ofRecipes, 'nothing.ts', 'to export one by default, got no default export. End it'],
  ['a folder for a recipe', ofRecipes, 'empty', 'expected a file, got a folder. Name the file of a ']
])('every command says in a sentence what is wrong with %s', { timeout: 300_000 }, async (_, calls, path, words) => {
  const waiting = [...calls]
  await Promise.all(
    [0, 1].map(async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const { status, said } = await ended(...next, join(folder, path))
        expect(status, said).toBe(1)
        expect(said, next[0]).toContain(words)
        expect(said).not.toMatch(/\n {4}at |is not a function|Cannot |\bE[A-Z]{4,}\b/)
      }
    })
  )
})
