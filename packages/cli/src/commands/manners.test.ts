import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { renderUsage } from 'citty'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readManifest, readRun } from '@lapstrake/runs/node'
import { auditCommand } from './audit.ts'
import { certifyCommand } from './certify.ts'
import { evaluateCommand } from './evaluate.ts'
import { planCommand } from './plan.ts'
import { quickstartCommand } from './quickstart.ts'
import { sweepCommand } from './sweep.ts'
import { trainCommand } from './train.ts'
import { command, environment, lapstrake, lapstrakeWith, root, tinyRecipe } from '../testing/lapstrake.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(root, 'node_modules/.lapstrake-test-'))
})
afterAll(() => rm(folder, { recursive: true }))

const write = async (name: string, text: string): Promise<string> => {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

/** A recipe that is made of options. */
const ofOptions = tinyRecipe()
  .replace(
    'const experiment =',
    'export const options = { rate: 0.1, norm: true, kind: "sgd" }\nconst make = ({ rate }) => ('
  )
  .replace('learningRate: 0.1', 'learningRate: rate')
  .replace('\n}\nlet calls', '\n})\nlet calls')
  .replace(/export default .*/, 'export default make')

/** A recipe with something that is trained first. */
const taught = `import { identity } from 'lapstrake'\n${tinyRecipe()}`.replace(
  'export default { ...experiment,',
  `export default { ...experiment, teacher: { backbone: experiment.backbone, trainedBy: experiment },
    auxiliary: [{ name: 'crd', start: 0, end: 2, head: identity(), loss: crd({ negatives: 8 }) }],`
)

describe('what was typed wrong ends with 2, what failed with 1:', () => {
  test.each<[number, string[], string]>([
    [2, [], 'USAGE lapstrake'],
    [2, ['trian'], 'got trian. Did you mean train?'],
    [2, ['help', 'train', 'plan'], 'help: expected one command, got plan as well.'],
    [2, ['--epochs', '1', 'train'], 'lapstrake: expected a command first, got --epochs.'],
    [2, ['train'], 'train: expected a recipe file'],
    [2, ['train', 'recipe.ts', '--epochs', 'x'], '--epochs: expected a whole number of 1 or more, got x.'],
    [2, ['train', 'recipe.ts', '--set', 'epochs'], '--set: expected a place and its value, such as batchSize=32'],
    [1, ['train', 'nowhere.ts'], 'nowhere.ts: expected a file, got none.']
  ])('%d for %j', (status, given, said) => {
    const ended = lapstrake(...given)
    expect([ended.status, ended.stdout]).toEqual([status, ''])
    expect(ended.stderr).toContain(said)
  })
})

test('help is --help', () => {
  expect(lapstrake('help', 'train').stdout).toBe(lapstrake('train', '--help').stdout)
  expect(lapstrake('help').stdout).toBe(lapstrake('--help').stdout)
})

test.each([auditCommand, certifyCommand, evaluateCommand, planCommand, quickstartCommand, sweepCommand, trainCommand])(
  'where data are read, --help says where they lie',
  async command => {
    expect(await renderUsage(command)).toContain('LAPSTRAKE_DATA')
  }
)

describe('--set', () => {
  test('sets plain fields and the options that a file exports, is recorded, and holds on', async () => {
    const [path, out] = [await write('made.ts', ofOptions), join(folder, 'set')]
    const given = ['--set', 'rate=1e-3', '--set', 'batchSize=32', '--epochs', '2', '--backend', 'wasm']
    const { status, stderr } = lapstrake('train', path, ...given, '--out', out)
    expect(status, stderr).toBe(0)
    const manifest = await readManifest(out)
    expect(manifest.options).toMatchObject({ epochs: 2, set: { rate: '1e-3', batchSize: '32' } })
    expect([manifest.name, manifest.steps]).toEqual(['tiny-rate=1e-3-batchSize=32', [4, 4]])
    expect(lapstrake('compare', out).stdout).toContain('tiny-rate=1e-3-batchSize=32')

    const again = lapstrake('train', '--resume', out, '--epochs', '3')
    expect(again.status, again.stderr).toBe(0)
    expect((await readManifest(out)).steps).toEqual([6, 6])
    expect(lapstrake('train', '--resume', out, '--set', 'rate=1').stderr).toContain('expected no --set beside --resume')

    const slow = lapstrake('train', path, '--backend', 'wasm', '--out', join(folder, 'unset'))
    expect(slow.status, slow.stderr).toBe(0)
    const first = async (run: string): Promise<unknown> => (await readRun(join(folder, run))).steps[1]!.losses.unit0
    expect(await first('set')).not.toBe(await first('unset'))
  })

  test('ends with 2 for a place that a recipe does not have, and with 1 for a value that it cannot have', async () => {
    const path = await write('plain.ts', tinyRecipe())
    expect(lapstrake('plan', path, '--set', 'batchsize=1')).toMatchObject({
      status: 2,
      stderr: '--set: expected one of batchSize, epochs, microBatch, got batchsize. Did you mean batchSize?\n'
    })
    const impossible = lapstrake('plan', path, '--set', 'batchSize=1.5')
    expect(impossible.status).toBe(1)
    expect(impossible.stderr).toContain('recipe: expected a batchSize of 1 example or more')
  })

  test('reaches what is trained first, which --epochs does not, and that is said', async () => {
    const path = await write('taught.ts', taught)
    const train = (...given: string[]): string =>
      lapstrake('train', path, '--backend', 'wasm', '--overwrite', '--out', join(folder, 'taught'), ...given).stderr
    expect(train('--epochs', '1')).toContain(
      '--epochs is of the run itself; what is trained first keeps its own. To set that, too: ' +
        '--set teacher.trainedBy.epochs=1\n'
    )
    expect(train('--epochs', '1')).toContain('12/12')
    expect(train('--epochs', '1', '--set', 'teacher.trainedBy.epochs=1')).not.toContain('12/12')
  })
})

describe('plan', () => {
  const planned = (...given: string[]): { inputShape?: number[]; stages: { shape: number[] }[] } =>
    JSON.parse(
      lapstrakeWith({ HOME: folder, XDG_CACHE_HOME: folder, LAPSTRAKE_DATA: '' }, 'plan', ...given).stdout
    ) as {
      stages: { shape: number[] }[]
    }

  test('needs no data set at hand, and downloads none', async () => {
    const path = await write(
      'public.ts',
      `import { cifar100 } from 'lapstrake'\n${tinyRecipe('data: cifar100({ limit: 10 })')}`
    )
    const { status, stdout, stderr } = lapstrakeWith(
      { HOME: folder, XDG_CACHE_HOME: folder, LAPSTRAKE_DATA: '' },
      'plan',
      path
    )
    expect([status, stderr]).toEqual([
      0,
      'cifar100 is not at hand: planned for 50000 images of 32 × 32 × 3 in 100 classes, all that it has.\n'
    ])
    expect(stdout).toContain('tiny: 16 examples of 28 × 28 × 3 in 2 views.')
    expect(stdout).toMatch(/^Of the stages, and of the head of the unit\.$/m)
  })

  test('plans a run as it was trained, whatever became of its data', async () => {
    const [photos, out] = [join(folder, 'gone'), join(folder, 'of-photos')]
    const path = await write(
      'photos.ts',
      tinyRecipe(`data: { name: ${JSON.stringify(photos)},
      open: (split, options) => process.env.GONE
        ? Promise.reject(new Error('gone: it is not there.'))
        : shapes({ limit: 64 }).open(split, options) }`)
    )
    expect(lapstrake('train', path, '--set', 'batchSize=8', '--backend', 'wasm', '--out', out).status).toBe(0)
    process.env.GONE = '1'
    try {
      expect(planned(out, '--json').stages.map(({ shape }) => shape)).toEqual([
        [7, 7, 4],
        [4, 4, 6]
      ])
      const lost = lapstrakeWith({ GONE: '1' }, 'plan', path)
      expect(lost.stderr).toContain('gone: it is not there. To plan without the data, say how large images are: --size')
      expect(lapstrakeWith({ GONE: '1' }, 'export', out).status).toBe(0)
    } finally {
      delete process.env.GONE
    }
  })

  test('says one view where there is one', async () => {
    const path = await write(
      'one-view.ts',
      tinyRecipe('views: [randomResizedCrop({ size: 28 })], loss: () => ([a]) => tf.mean(a)')
    )
    expect(lapstrake('plan', path).stdout).toContain('16 examples of 28 × 28 × 3 in 1 view.')
  })
})

describe('one JSON object', () => {
  let run: string
  beforeAll(async () => {
    run = join(folder, 'told')
    const { status, stderr } = lapstrake(
      ...['train', await write('told.ts', tinyRecipe()), '--backend', 'wasm', '--out', run, '--checkpoint-every', '5']
    )
    expect(status, stderr).toBe(0)
  })

  test('evaluate tells what it read out and over how much, and on the way what it is at', () => {
    const { stdout, stderr } = lapstrake('evaluate', run, '--backend', 'wasm', '--test', '40', '--json')
    const told = JSON.parse(stdout) as { rows: { name: string; linear: number }[] }
    expect(told).toMatchObject({ run, data: 'drawn shapes', train: 64, test: 40, part: true })
    expect(told.rows.map(({ name }) => name)).toEqual(['raw pixels', 'untrained, top', 'tiny, conv1', 'tiny, conv2'])
    expect(stderr).toMatch(/^Backend: .*\n$/)
    expect(lapstrake('compare', run).stdout).toMatch(/^test examples +40$/m)
  })

  test.skipIf(!existsSync('/usr/bin/script'))('evaluate shows in a terminal what it is at', () => {
    const line = command('evaluate', run, '--backend', 'wasm', '--test', '40').flat().join(' ')
    const { stdout } = spawnSync('script', ['-qec', line, '/dev/null'], {
      cwd: root,
      encoding: 'utf8',
      env: environment
    })
    expect(stdout).toMatch(/\r\S*Untrained: Features of training examples: \d+ of 64/)
    expect(stdout).toMatch(/\r\S*Reading out level \d, \d of 3/)
  })

  test('export tells what it wrote', () => {
    const { status, stdout } = lapstrake('export', run, '--json')
    const { files } = JSON.parse(stdout) as { files: { path: string; bytes: number }[] }
    expect(status).toBe(0)
    expect(files.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['encoder.safetensors', 'encoder.onnx'].map(name => join(run, name)))
    )
    expect(files.every(({ bytes }) => bytes > 0)).toBe(true)
  })

  test('doctor tells which backends work', () => {
    const { status, stdout } = lapstrake('doctor', '--json')
    const { backends, backend } = JSON.parse(stdout) as {
      backends: { name: string; works: boolean }[]
      backend: string
    }
    expect(status).toBe(0)
    expect(backends.map(({ name }) => name)).toEqual(['node', 'webgpu', 'wasm', 'cpu'])
    expect(backends.find(({ name }) => name === backend)!.works).toBe(true)
  })

  test('evaluate says where weights are not those that the run ends with', async () => {
    const read = (...given: string[]): string =>
      lapstrake('evaluate', run, '--backend', 'wasm', '--test', '20', ...given).stderr
    expect(read()).not.toContain('is as it was behind step')
    expect(read('--weights', 'checkpoints/step-00000005.safetensors')).toContain(
      'step-00000005.safetensors is as it was behind step 5 of 12: the run went on.\n'
    )
    // As one that was interrupted.
    const out = join(folder, 'early')
    const early = tinyRecipe(
      `sampler: undefined, epochs: 3, loss: () => ([a]) => tf.mul(tf.mean(a), ++calls > 7 ? NaN : 1)`
    )
    expect(lapstrake('train', await write('early.ts', early), '--backend', 'wasm', '--out', out).status).toBe(1)
    expect(lapstrake('evaluate', out, '--backend', 'wasm', '--test', '20').stderr).toMatch(
      /weights\.safetensors is as it was behind step \d of 12: the run has not ended\.\n/
    )
  })
})

test('tables fit a narrow terminal', async () => {
  const path = await write('narrow.ts', tinyRecipe())
  for (const columns of [60, 80]) {
    const { stdout } = lapstrakeWith({ COLUMNS: String(columns) }, 'plan', path)
    const tables = stdout.split('\n').filter(line => !/^(tiny:|Of the)/.test(line))
    expect(Math.max(...tables.map(line => line.length))).toBeLessThanOrEqual(columns)
  }
})
