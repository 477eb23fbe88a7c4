import { describeFuzz } from '@lapstrake/testing/node'
import { describeRun } from 'lapstrake'
import {
  compareRuns,
  comparisonTable,
  parseEvaluations,
  type Evaluation,
  parseManifest,
  type Manifest,
  stepsIn
} from '@lapstrake/runs/node'
import { encodeSafetensors, sealJson } from 'lapstrake/node'
import { linesOf } from '../testing/write-run.ts'
import { watchView } from '../terminal/watch-view.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** What is JSON with the checksum that it should have. */
function sealed(text: string): string {
  try {
    return sealJson(JSON.parse(text) as object)
  } catch {
    return text
  }
}

const manifest: Manifest = {
  format: 2,
  name: 'loco',
  recipe: '../loco.ts',
  data: 'shapes',
  examples: 64,
  inputShape: [28, 28, 3],
  seed: 7,
  backend: 'wasm – one thread',
  versions: { node: '20.19.0', tfjs: '4.22.0' },
  madeBy: 'me on here',
  started: '2026-01-01T00:00:00.000Z',
  steps: [12, 12],
  finished: true,
  stages: ['conv1', 'conv2'],
  spans: [{ start: 0, end: 2 }],
  dataHash: '1f',
  options: { backend: 'wasm', 'keep-every': 60 },
  checksums: { 'recipe.mjs': 77 }
}
const lines = linesOf({ name: 'loco', seed: 7, losses: [2.5, 2.25, 2] })
const endless = {
  step: 4,
  steps: null,
  epoch: 0,
  losses: { unit0: null, probe2: 1 },
  milliseconds: 8,
  waited: 0,
  peakBytes: 9
}
const steps = stepsIn(lines.join('\n'), 'run.jsonl').steps
const evaluation: Evaluation = {
  test: 100,
  part: false,
  weights: '0123abcd',
  rows: [
    { name: 'raw pixels', linear: 0.25, neighbours: 0.5 },
    { name: 'conv2', linear: 0.75, neighbours: 0.625 }
  ]
}

/** What is told of a run in words, which takes whatever its files say. */
function told(manifest: Manifest, recorded: typeof steps, evaluation?: Evaluation): void {
  watchView({ manifest, steps: recorded, isHeld: true })
  const run = { path: 'runs/loco-7', manifest, steps: recorded, notes: [], ...(evaluation && { evaluation }) }
  comparisonTable(compareRuns([run]))
}

describeFuzz('manifest.json', {
  inputs: [
    sealJson(manifest, 2),
    sealJson({ ...manifest, steps: [3, null], finished: false, options: { tensorboard: true, 'checkpoint-every': 5 } }),
    sealJson({ ...manifest, spans: [], stages: [], inputShape: [], versions: {}, checksums: { ['__proto__']: 1 } })
  ].map(encode),
  read: input => told(parseManifest(decode(input), 'manifest.json'), steps, evaluation),
  restamp: input => encode(sealed(decode(input))),
  allowed: /^manifest\.json: expected .*\.$/s
})

describeFuzz('run.jsonl', {
  inputs: [lines, [...lines, sealJson(endless), '{"step":5,"st']].map(some => encode(some.join('\n'))),
  read: input => told(manifest, stepsIn(decode(input), 'run.jsonl').steps),
  restamp: input => encode(decode(input).split('\n').map(sealed).join('\n')),
  allowed: /^no line is refused$/,
  memory: 1000
})

describeFuzz('evaluation.json', {
  inputs: [
    sealJson({
      format: 2,
      of: { 'weights.safetensors': evaluation, 'best.safetensors': { ...evaluation, part: true } }
    }),
    sealJson({ format: 2, of: {} })
  ].map(encode),
  read(input) {
    for (const found of Object.values(parseEvaluations(decode(input), 'evaluation.json'))) told(manifest, steps, found)
  },
  restamp: input => encode(sealed(decode(input))),
  allowed: /^evaluation\.json: expected .*\.$/s
})

const about = {
  name: 'loco',
  seed: 7,
  data: 'shapes',
  examples: 64,
  dataHash: '1f',
  inputShape: [28, 28, 3],
  step: 12,
  behaviour: { 'batch size': [16], views: [16, 28, 28, 3, 0.5, 'NaN'], schedule: ['[["unit0"],["unit1"]]'] }
}
const progress = {
  unit0: { smooth: 2, lowest: 1.5, since: 9, frozen: true },
  unit1: { smooth: null, lowest: null, since: 0 }
}
const file = (run: string): Uint8Array =>
  encodeSafetensors({ tensors: {}, metadata: { format: 'lapstrake-run-2', run } })

/** The header is fuzzed where it is read, in checkpoints; this is what it says of the run. */
describeFuzz('state.safetensors', {
  inputs: [about, { ...about, unreadable: [3, 5], progress }].map(run => encode(JSON.stringify(run))),
  read: input => describeRun(file(decode(input)), 'state.safetensors'),
  allowed: /^state\.safetensors: expected .*\.$/s
})
