import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { leaveEvaluation, parseEvaluations, type Evaluation } from './evaluation.ts'

const weights = 'weights.safetensors'
const folders: string[] = []
const run = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'evaluation-'))
  folders.push(folder)
  writeFileSync(join(folder, weights), '{"crc32c":"0123abcd"}')
  return folder
}
afterEach(() => folders.splice(0).forEach(folder => rmSync(folder, { recursive: true })))
const few = (labels: number, accuracy: number): NonNullable<Evaluation['rows'][number]['lowLabel']>[number] => ({
  ...{ labels, accuracy, draws: 5 }
})
const evaluation = (test: number, lowLabel?: Evaluation['rows'][number]['lowLabel']): Evaluation => ({
  ...{ test, part: false, weights: '0123abcd' },
  rows: [{ name: 'top', linear: 0.5, neighbours: 0.5, lowLabel }]
})
const corrupted = (kinds: readonly string[], linear: number): Evaluation['corrupted'] => [
  { name: 'top', clean: 0.9, mean: linear, readouts: kinds.map(kind => ({ kind, severity: 1, linear })) }
]
const left = (folder: string): Evaluation => {
  const file = join(folder, 'evaluation.json')
  return parseEvaluations(readFileSync(file, 'utf8'), file)[weights]!
}

test('an evaluation that asks for less leaves what was found before', async () => {
  const folder = run()
  const whole = { ...evaluation(10, [few(1, 0.3), few(0.1, 0.4)]), corrupted: corrupted(['fog', 'jpeg'], 0.2) }
  await leaveEvaluation(folder, weights, whole)
  const all = left(folder)
  await leaveEvaluation(folder, weights, evaluation(10))
  expect(left(folder)).toEqual(all)
})

test('what is read again replaces what was, number by number and kind by kind', async () => {
  const folder = run()
  await leaveEvaluation(folder, weights, {
    ...evaluation(10, [few(1, 0.3), few(0.1, 0.4)]),
    corrupted: corrupted(['fog', 'jpeg'], 0.2)
  })
  await leaveEvaluation(folder, weights, { ...evaluation(10, [few(0.1, 0.6)]), corrupted: corrupted(['jpeg'], 0.4) })
  const { rows, corrupted: found } = left(folder)
  expect(rows[0]!.lowLabel).toEqual([few(0.1, 0.6), few(1, 0.3)])
  expect(found![0]!.readouts.map(({ kind, linear }) => [kind, linear])).toEqual([
    ['jpeg', 0.4],
    ['fog', 0.2]
  ])
  expect(found![0]!.mean).toBeCloseTo(0.3, 9)
})

test('one over more examples replaces all, and says so; one over fewer is not left', async () => {
  const folder = run()
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  await leaveEvaluation(folder, weights, evaluation(10, [few(1, 0.3)]))
  expect(said).not.toHaveBeenCalled()
  await leaveEvaluation(folder, weights, evaluation(20))
  expect(said.mock.calls.join()).toContain('was over 10 test examples only, and is replaced. Ask for it again.')
  expect(left(folder).rows[0]!.lowLabel).toBeUndefined()
  expect(await leaveEvaluation(folder, weights, evaluation(10))).toBe(false)
  said.mockRestore()
})
