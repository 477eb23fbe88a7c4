import { describeRun } from 'lapstrake'
import { compareRuns, parseEvaluations, parseManifest, type Manifest, stepsIn } from '@lapstrake/runs/node'
import { encodeSafetensors, sealJson } from 'lapstrake/node'
import { expect, test } from 'vitest'
import { runReport } from '../pages/run-report.ts'
import { linesOf } from '../testing/write-run.ts'
import { watchView } from '../terminal/watch-view.ts'

const [, line] = linesOf({ name: 'loco', seed: 0, losses: [2, 1] }) as [string, string]
const step = JSON.parse(line) as { diagnoses: Record<'unit0', object>; stages: object[] }
const manifest: Manifest = {
  format: 2,
  name: 'loco',
  recipe: '../loco.ts',
  data: 'shapes',
  examples: 64,
  inputShape: [28, 28, 3],
  seed: 7,
  backend: 'wasm',
  versions: {},
  madeBy: 'me',
  started: '',
  steps: [2, 2],
  finished: true,
  stages: ['conv1', 'conv2'],
  spans: [{ start: 0, end: 2 }],
  dataHash: '1f',
  options: {},
  checksums: {}
}

test.each<[string, object]>([
  ['step', { step: 0 }],
  ['step', { step: '1' }],
  ['step', { step: 3 }],
  ['steps', { steps: 'all' }],
  ['epoch', { epoch: -1 }],
  ['losses', { losses: [1] }],
  ['losses', { losses: { unit0: '1' } }],
  ['milliseconds', { milliseconds: null }],
  ['waited', { waited: undefined }],
  ['peakBytes', { peakBytes: 0.5 }],
  ['replaced', { replaced: 'x' }],
  ['diagnoses', { diagnoses: { unit0: {} } }],
  ['diagnoses', { diagnoses: { unit0: { ...step.diagnoses.unit0, topOne: [] } } }],
  ['stages', { stages: {} }],
  ['stages', { stages: [null] }],
  ['stages', { stages: [{ updateRatio: 1, probe: '1' }] }]
])('a line with the right checksum and no right %s is damaged: %j', (_, change) => {
  const { steps, damaged } = stepsIn(`${sealJson({ ...step, ...change })}\n`, 'run.jsonl')
  expect([steps, damaged]).toEqual([[], [1]])
})

test('a number that JSON has no word for comes back as none, the length of training without end as infinite', () => {
  const { steps } = stepsIn(sealJson({ ...step, steps: Infinity, losses: { steps: NaN } }), 'run.jsonl')
  expect([steps[0]!.steps, { ...steps[0]!.losses }]).toEqual([Infinity, { steps: NaN }])
})

test('units may be called as what every object has, and more stages be looked at than are known', () => {
  const names = ['constructor', 'toString', '__proto__', 'unit0']
  const lines = names.map((name, i) =>
    sealJson({
      ...step,
      step: i + 1,
      steps: 9,
      losses: { [name]: 1 },
      stages: [...step.stages, ...step.stages]
    })
  )
  const { steps, damaged } = stepsIn(lines.join('\n'), 'run.jsonl')
  expect([steps.length, damaged]).toEqual([4, []])
  const view = watchView({ manifest, steps, isHeld: false })
  for (const name of names) expect(view).toMatch(new RegExp(`^${name} +1\\.000`, 'm'))
  expect(view).toContain('stage 3')
  const comparison = compareRuns([{ path: 'loco', manifest, steps, notes: [] }])
  expect(runReport({ comparison, maps: {}, stageMaps: new Map() })).toContain('__proto__')
})

test.each<[keyof Manifest, unknown]>([
  ['inputShape', [1e9, 1e9, 3]],
  ['versions', { node: 20 }],
  ['options', { epochs: '3' }],
  ['options', { tensorboard: 1 }],
  ['spans', [{ start: 0 }]],
  ['checksums', { 'recipe.mjs': -1 }],
  ['finished', null]
])('a manifest with the right checksum and no right %s is refused: %j', (field, value) => {
  const read = (): unknown => parseManifest(sealJson({ ...manifest, [field]: value }), 'manifest.json')
  const told = `got ${JSON.stringify(value)} for ${field}. Put back a copy.`
  expect(read).toThrow(`manifest.json: expected a manifest as lapstrake writes it, ${told}`)
})

test('a manifest whose spans are not of its stages is refused', () => {
  const read = (): unknown => parseManifest(sealJson({ ...manifest, spans: [{ start: 1, end: 3 }] }), 'manifest.json')
  expect(read).toThrow('got a span from stage 1 to 3 of 2. Put back a copy.')
})

const row = { name: 'conv2', linear: 0.5, neighbours: 0.5 }
test.each<[string, object]>([
  ['count', { test: 0.5 }],
  ['accuracy', { rows: [{ ...row, linear: 2 }] }],
  ['accuracy', { rows: [{ ...row, neighbours: null }] }],
  ['row', { rows: [null] }],
  ['rows', { rows: {} }]
])('an evaluation with the right checksum and no right %s is refused: %j', (_, change) => {
  const text = sealJson({ format: 2, of: { 'weights.safetensors': { test: 10, part: false, rows: [row], ...change } } })
  expect(() => parseEvaluations(text, 'evaluation.json')).toThrow(
    'evaluation.json: expected readouts of format 2, got '
  )
})

const about = {
  name: 'loco',
  seed: 7,
  data: 'shapes',
  examples: 64,
  dataHash: '1f',
  inputShape: [28, 28, 3],
  step: 12,
  behaviour: {}
}
test.each<[string, unknown]>([
  ['step', -1],
  ['step', undefined],
  ['inputShape', 3],
  ['behaviour', { views: 5 }],
  ['behaviour', { views: [null] }],
  ['unreadable', ['a']],
  ['progress', { unit0: 3 }],
  ['progress', { unit0: { smooth: 1, lowest: 1 } }]
])('a run that is saved with the right checksum and no right %s is refused: %j', (field, value) => {
  const run = JSON.stringify({ ...about, [field]: value })
  const file = encodeSafetensors({ tensors: {}, metadata: { format: 'lapstrake-run-2', run } })
  const told = new RegExp(`^x: expected the run to be described as train\\(\\) does, got .*, where ${field} is not\\. `)
  expect(() => describeRun(file, 'x')).toThrow(told)
})
