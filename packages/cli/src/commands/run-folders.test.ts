import { spawn, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync
} from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { command, environment, lapstrake, root, tinyRecipe } from '../testing/lapstrake.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(root, 'node_modules/.lapstrake-test-'))
})
afterAll(() => rm(folder, { recursive: true }))

const write = async (name: string, change?: string): Promise<string> => {
  const path = join(folder, name)
  await writeFile(path, tinyRecipe(change))
  return path
}

/** Every file below a folder, with its bytes; those that a run is writing at this moment are none yet. */
function everything(path: string): Record<string, string> {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter(
    entry => entry.isFile() && !entry.name.endsWith('.part')
  )
  return Object.fromEntries(
    files.map(({ parentPath, name }) => [
      join(parentPath, name).slice(path.length + 1),
      readFileSync(join(parentPath, name), 'latin1')
    ])
  )
}

const sameRun = (a: string, b: string): void => {
  for (const file of ['weights.safetensors', 'state.safetensors', 'best.safetensors']) {
    expect(readFileSync(join(a, file)).equals(readFileSync(join(b, file))), file).toBe(true)
  }
  const losses = (run: string): unknown[] =>
    readFileSync(join(run, 'run.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { step: number; losses: object })
      .map(({ step, losses }) => ({ step, losses }))
  expect(losses(a)).toEqual(losses(b))
}

const plain = ['--backend', 'wasm', '--threads', '1']

describe('a folder that holds what no run wrote', () => {
  test.each<[string, Record<string, string>]>([
    ['a recipe', { 'recipe.ts': tinyRecipe('loss: () => { throw new Error("never") }'), 'notes/a.txt': 'mine' }],
    ['a manifest of another program', { 'manifest.json': '{"format":1,"files":[]}' }],
    ['a recipe under the name of a bundle', { 'recipe.mjs': 'export default 1' }],
    [
      'files under the names of a run',
      { 'evaluation.json': '{"mine":1}', 'run.jsonl': '{"mine":1}', 'tensorboard/metadata.tsv': 'x' }
    ],
    ['a note beside a run', { 'weights.safetensors': '', 'state.safetensors': '', 'notes.txt': 'mine' }]
  ])('is refused, and stays as it is: %s', async (name, files) => {
    const out = join(folder, name.replaceAll(' ', '-'))
    for (const inside of ['notes', 'tensorboard']) mkdirSync(join(out, inside), { recursive: true })
    for (const [file, text] of Object.entries(files)) writeFileSync(join(out, file), text)
    const before = everything(out)
    const recipe = existsSync(join(out, 'recipe.ts')) ? join(out, 'recipe.ts') : await write('good.ts')
    for (const more of [[], ['--overwrite']]) {
      const { status, stderr } = lapstrake('train', recipe, ...plain, '--out', out, ...more)
      expect([status, stderr]).toEqual([
        1,
        expect.stringMatching(/^train: expected a folder of the run's own, got .*, which holds /)
      ])
    }
    expect(everything(out)).toEqual(before)
  })

  test('cannot be one that no folder can be made in, which is said at once', async () => {
    const { status, stderr } = lapstrake('train', await write('good.ts'), '--out', '/proc/lapstrake')
    expect([status, stderr]).toEqual([
      1,
      'train: expected a folder for the run at /proc/lapstrake, but it cannot be made (ENOENT). ' +
        'Choose another with --out.\n'
    ])
  })

  test('is none of another name than a recipe may have', async () => {
    const { status, stderr } = lapstrake('train', await write('named.ts', 'name: "../../x"'), ...plain)
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining('recipe: expected a name that a folder can have, got "../../x".')
    ])
  })
})

test('reading runs leaves what lies around them alone', async () => {
  const place = join(folder, 'sorted')
  expect(lapstrake('train', await write('good.ts'), ...plain, '--out', join(place, 'new')).status).toBe(0)
  for (const name of ['finished', 'arriving']) cpSync(join(place, 'new'), join(place, name), { recursive: true })
  writeFileSync(join(place, 'recipe.mjs'), 'mine')
  const before = everything(place)
  expect(lapstrake('compare', place).status).toBe(0)
  writeFileSync(join(place, 'manifest.json'), '{"name":"my web app"}')
  lapstrake('compare', place)
  lapstrake('evaluate', place, '--backend', 'wasm')
  expect(everything(place)).toEqual({ ...before, 'manifest.json': '{"name":"my web app"}' })
})

describe('a lock', () => {
  test.each<[string, string, number, RegExp]>([
    ['of nobody, from a clock that is ahead', '', 0, /Saved/],
    ['half written', '{"pid":', 0, /Saved/],
    [
      'that is a file of others',
      '{"name":"npm","lockfileVersion":3}',
      1,
      /lock\.json to say which process trains there, got \{"name":"npm"/
    ],
    ['that says nothing', 'null', 1, /to say which process trains there, got null/]
  ])('%s', async (name, text, status, said) => {
    const out = join(folder, `lock ${name}`)
    mkdirSync(out)
    writeFileSync(join(out, 'lock.json'), text)
    utimesSync(join(out, 'lock.json'), new Date(Date.now() + 3.6e6), new Date(Date.now() + 3.6e6))
    const ended = lapstrake('train', await write('good.ts'), ...plain, '--out', out)
    expect([ended.status, ended.stderr]).toEqual([status, expect.stringMatching(said)])
    if (status === 1) expect(everything(out)).toEqual({ 'lock.json': text })
  })
})

describe('two processes', () => {
  test('in any order of start, overwrite and resume: the second is refused and touches nothing', async () => {
    const path = await write('long.ts', 'epochs: 100000')
    const begin = async (...given: string[]): Promise<() => Promise<unknown>> => {
      const child = spawn(...command('train', ...given, ...plain), {
        cwd: root,
        stdio: ['ignore', 'ignore', 'pipe'],
        env: environment
      })
      const ended = new Promise(resolve => child.on('exit', resolve))
      let said = ''
      await new Promise<void>(resolve =>
        child.stderr.on('data', (chunk: Buffer) => {
          if ((said += chunk.toString()).includes('images/s')) resolve()
        })
      )
      return () => {
        child.kill('SIGTERM')
        return ended
      }
    }
    const out = join(folder, 'two')
    const first: readonly (readonly string[])[] = [
      [path, '--out', out],
      ['--resume', out],
      [path, '--out', out, '--overwrite'],
      ['--resume', join(out, 'new')]
    ]
    for (const given of first) {
      const end = await begin(...given)
      // What a run itself writes anew as it trains is left out.
      const still = (): Record<string, string> =>
        Object.fromEntries(
          Object.entries(everything(out)).filter(([name]) => !/run\.jsonl|(best|state)\.safetensors|\.part$/.test(name))
        )
      const before = still()
      for (const second of [
        [path, '--out', out],
        [path, '--out', out, '--overwrite'],
        ['--resume', given.includes(join(out, 'new')) || given.includes('--overwrite') ? join(out, 'new') : out]
      ]) {
        const { status, stderr } = lapstrake('train', ...second, ...plain)
        expect([status, stderr]).toEqual([
          1,
          expect.stringMatching(/expected a run of its own in|it ended before it was first kept/)
        ])
      }
      expect(lapstrake('train', path, ...plain, '--out', join(out, 'new'), '--overwrite').stderr).toContain(
        'which lies within that of the run in '
      )
      expect(still()).toEqual(before)
      expect(await end()).toBe(143)
      expect(readdirSync(out, { recursive: true }).filter(name => String(name).includes('lock'))).toEqual([])
    }
  })
})

describe('a run that is asked to end', () => {
  test.each<[string, number, (child: ReturnType<typeof spawn>) => void]>([
    ['SIGTERM', 143, child => child.kill('SIGTERM')],
    [
      'SIGHUP, twice',
      129,
      child => {
        child.kill('SIGHUP')
        child.kill('SIGHUP')
      }
    ],
    ['a closed pipe', 141, child => child.stderr!.destroy()]
  ])('by %s saves, and goes on to the bits of the run that nobody asked', async (name, status, ask) => {
    const path = await write('asked.ts', 'epochs: 100')
    const [whole, asked] = [join(folder, 'unasked'), join(folder, `asked-${status}`)]
    if (!existsSync(whole)) expect(lapstrake('train', path, ...plain, '--out', whole).status).toBe(0)
    const child = spawn(...command('train', path, ...plain, '--out', asked), {
      cwd: root,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: environment
    })
    const ended = new Promise(resolve => child.on('exit', resolve))
    const lines = (): number =>
      existsSync(join(asked, 'run.jsonl')) ? readFileSync(join(asked, 'run.jsonl'), 'utf8').split('\n').length : 0
    while (lines() < 20) await new Promise(resolve => setTimeout(resolve, 5))
    ask(child)
    expect(await ended, name).toBe(status)
    expect(JSON.parse(readFileSync(join(asked, 'manifest.json'), 'utf8'))).toMatchObject({ finished: false })
    expect(lapstrake('train', '--resume', asked).status).toBe(0)
    sameRun(asked, whole)
  })

  // Only root may make a namespace of processes, where this one has the number 1 again.
  test.skipIf(process.getuid?.() !== 0 || process.platform !== 'linux')(
    'as process 1 of a container, by force, goes on as the next process 1',
    async context => {
      const contained = (...given: string[]): [string, string[]] => {
        const [program, more] = command(...given)
        return ['unshare', ['--pid', '--fork', '--kill-child', '--mount-proc', program, ...more]]
      }
      if (spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status !== 0)
        return context.skip('no namespace may be made here')
      const path = await write('asked.ts', 'epochs: 100')
      const [whole, killed] = [join(folder, 'unasked'), join(folder, 'contained')]
      if (!existsSync(whole)) expect(lapstrake('train', path, ...plain, '--out', whole).status).toBe(0)
      const child = spawn(...contained('train', path, ...plain, '--out', killed, '--keep-every', '0'), {
        cwd: root,
        stdio: 'ignore',
        env: environment
      })
      const ended = new Promise(resolve => child.on('exit', resolve))
      while (!existsSync(join(killed, 'state.safetensors'))) await new Promise(resolve => setTimeout(resolve, 5))
      child.kill('SIGKILL')
      await ended
      expect(JSON.parse(readFileSync(join(killed, 'lock.json'), 'utf8'))).toMatchObject({ pid: 1 })
      const again = spawnSync(...contained('train', '--resume', killed), {
        cwd: root,
        encoding: 'utf8',
        env: environment,
        timeout: 60_000
      })
      expect(again.stderr).toMatch(/^Looking whether process 1 on .* still trains there\.\n/)
      expect(again.status).toBe(0)
      sameRun(killed, whole)
    }
  )
})

describe('a disk that is full', () => {
  test.skipIf(process.getuid?.() !== 0 || process.platform !== 'linux')(
    'and then has room again leaves no trace in the run',
    async context => {
      const disk = join(folder, 'disk')
      mkdirSync(disk)
      if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=200k', 'tmpfs', disk]).status !== 0)
        return context.skip('nothing may be mounted here')
      try {
        const path = await write('full.ts', 'epochs: 100')
        const [whole, run] = [join(folder, 'roomy'), join(disk, 'run')]
        expect(lapstrake('train', path, ...plain, '--out', whole).status).toBe(0)
        const child = spawn(...command('train', path, ...plain, '--out', run, '--keep-every', '0'), {
          cwd: root,
          stdio: ['ignore', 'ignore', 'pipe'],
          env: environment
        })
        const ended = new Promise(resolve => child.on('exit', resolve))
        let said = ''
        child.stderr.on('data', (chunk: Buffer) => {
          said += chunk.toString()
        })
        while (!existsSync(join(run, 'state.safetensors'))) await new Promise(resolve => setTimeout(resolve, 5))
        spawnSync('sh', ['-c', `cat /dev/zero > ${join(disk, 'filler')}`])
        while (!said.includes('The disk is full')) await new Promise(resolve => setTimeout(resolve, 5))
        await rm(join(disk, 'filler'))
        expect(await ended).toBe(0)
        expect(said.match(/Training goes on/g)).toHaveLength(1)
        sameRun(run, whole)
      } finally {
        spawnSync('umount', [disk])
      }
    }
  )
})

describe('a run', () => {
  test('that was copied elsewhere is evaluated, exported, reported and gone on with there', async () => {
    await writeFile(join(folder, 'widths.ts'), 'export const widths = [4, 6]\n')
    const path = join(folder, 'importing.ts')
    await writeFile(
      path,
      `import { widths } from './widths.ts'\n${tinyRecipe('backbone: convNet({ widths, strides: [4, 2], layers: 1 })')}`
    )
    const run = join(folder, 'to-copy')
    expect(lapstrake('train', path, ...plain, '--out', run).status).toBe(0)
    const elsewhere = await mkdtemp(join(tmpdir(), 'lapstrake-elsewhere-'))
    try {
      const copy = join(elsewhere, 'a copy')
      cpSync(run, copy, { recursive: true })
      const here = (...given: string[]): ReturnType<typeof lapstrake> => {
        const [program, more] = command(...given)
        return spawnSync(
          program,
          more.map(word => (word === 'tsx' ? join(root, 'node_modules/tsx/dist/esm/index.mjs') : word)),
          { cwd: elsewhere, encoding: 'utf8', env: environment }
        )
      }
      const evaluated = here('evaluate', 'a copy', '--backend', 'wasm', '--test', '50')
      expect(evaluated.stderr).toBe('Backend: wasm – WebAssembly, 2 threads, fused multiply-add.\n')
      expect(evaluated.stdout).toMatch(/tiny, conv2 +\d+\.\d %/)
      expect(here('export', 'a copy')).toMatchObject({ status: 0 })
      expect(here('report', 'a copy')).toMatchObject({ status: 0 })
      const longer = here('train', '--resume', 'a copy', '--epochs', '4')
      expect(longer.stderr).toContain('Going on behind step 12.')
      expect(longer.stderr).toContain(`evaluate 'a copy'`)
      expect(longer.status).toBe(0)
    } finally {
      await rm(elsewhere, { recursive: true })
    }
  })

  test('is read with the recipe that it keeps, and says that its file has changed', async () => {
    const path = await write('edited.ts')
    const run = join(folder, 'edited')
    expect(lapstrake('train', path, ...plain, '--out', run).status).toBe(0)
    const exported = (): { onnx: Buffer; stderr: string } => {
      const { status, stderr } = lapstrake('export', run)
      expect(status, stderr).toBe(0)
      return { onnx: readFileSync(join(run, 'encoder.onnx')), stderr }
    }
    const before = exported()
    expect(before.stderr).toBe('')
    await writeFile(path, tinyRecipe().replace('strides: [4, 2]', 'strides: [2, 4]'))
    const after = exported()
    expect(after.stderr).toContain(`${path} has changed since this run; the run is read with the recipe that it keeps`)
    expect(after.onnx.equals(before.onnx)).toBe(true)
    const resumed = lapstrake('train', '--resume', run, '--epochs', '4')
    expect(resumed.stderr).toMatch(/^-.*strides: \[4, 2\].*\n\+.*strides: \[2, 4\]/m)
    expect(resumed.status).toBe(0)
    const forced = lapstrake(
      'train',
      path,
      ...plain,
      '--epochs',
      '9',
      '--resume',
      join(run, 'state.safetensors'),
      '--out',
      join(folder, 'forced')
    )
    expect([forced.status, forced.stderr]).toEqual([
      1,
      expect.stringContaining(
        'resume: expected the experiment, seed and data that this run was begun with, got others: '
      )
    ])
  })

  test('of views in another size than the data opens, also where its stages depend on the size', async () => {
    const path = await write(
      'sized.ts',
      `views: twoViews(randomResizedCrop({ size: 20 })),
      backbone: { name: 'sized', stages: [...convNet({ widths: [4], strides: [4], layers: 1 }).stages, {
        name: 'flat',
        init: (random, [h, w, c]) => ({
          params: { weights: random.normal([h * w * c, 6]) }, buffers: {}, outputShape: [6]
        }),
        apply: ({ params }, x) => ({
          output: tf.matMul(tf.reshape(x, [x.shape[0]!, -1]), (params as any).weights), buffers: {}
        })
      }] }`
    )
    const run = join(folder, 'sized')
    expect(lapstrake('train', path, ...plain, '--out', run)).toMatchObject({ status: 0 })
    const { stdout, stderr } = lapstrake('evaluate', run, '--backend', 'wasm', '--test', '50')
    expect(stderr).toContain('Images of 28 × 28 are resized to 20 × 20, the size that the network learnt from.')
    expect(stdout).toMatch(/tiny, flat +\d+\.\d %/)
    expect(lapstrake('export', run).stdout).toContain('images [batch, 20, 20, 3] to features')
  })

  test('keeps what it was trained with, whatever the recipe imports', async () => {
    const place = join(folder, 'own-package')
    for (const inside of ['shared', 'node_modules/@me']) mkdirSync(join(place, inside), { recursive: true })
    writeFileSync(join(place, 'package.json'), '{"name":"me","type":"module","sideEffects":false}')
    writeFileSync(join(place, 'setup.ts'), 'Object.assign(globalThis, { STRIDE: 2 })\n')
    writeFileSync(join(place, 'shared/package.json'), '{"name":"@me/shared","type":"module","exports":"./index.ts"}')
    writeFileSync(join(place, 'shared/index.ts'), 'export const second = 4\n')
    symlinkSync('../../shared', join(place, 'node_modules/@me/shared'))
    writeFileSync(join(place, 'widths.json'), '[4,6]')
    const path = join(place, 'recipe.ts')
    writeFileSync(
      path,
      `import './setup.ts'
import { readFileSync } from 'node:fs'
import { second } from '@me/shared'
const { url } = import.meta
const said = "see import.meta.url"
const widths = JSON.parse(readFileSync(new URL('./widths.json', url), 'utf8'))
${tinyRecipe('backbone: convNet({ widths, strides: [(globalThis as any).STRIDE, second], layers: 1 })')}`
    )
    const run = join(folder, 'of-own-package')
    expect(lapstrake('train', path, ...plain, '--out', run)).toMatchObject({ status: 0 })
    const exported = (): Buffer => {
      expect(lapstrake('export', run).status).toBe(0)
      return readFileSync(join(run, 'encoder.onnx'))
    }
    const before = exported()
    writeFileSync(join(place, 'shared/index.ts'), 'export const second = 2\n')
    writeFileSync(join(place, 'setup.ts'), 'Object.assign(globalThis, { STRIDE: 4 })\n')
    expect(exported().equals(before)).toBe(true)
  })

  test('is not told by an evaluation of other weights', async () => {
    const path = await write('told.ts')
    const run = join(folder, 'told')
    expect(lapstrake('train', path, ...plain, '--out', run).status).toBe(0)
    expect(lapstrake('evaluate', run, '--backend', 'wasm', '--test', '50').status).toBe(0)
    const left = readFileSync(join(run, 'evaluation.json'))
    expect(lapstrake('train', '--resume', run).status).toBe(0)
    expect(lapstrake('compare', run).stdout).toContain('linear readout')
    expect(lapstrake('train', '--resume', run, '--epochs', '4').status).toBe(0)
    writeFileSync(join(run, 'evaluation.json'), left)
    const { stdout } = lapstrake('compare', run)
    expect(stdout).toContain(
      `${join(run, 'evaluation.json')}: weights.safetensors has changed since it was evaluated. Evaluate it again.`
    )
    expect(stdout).not.toContain('linear readout')
    expect(lapstrake('train', '--resume', run, '--epochs', '2').stderr).toContain('expected more than the 16 steps')
  })

  test('takes the place of another also where a crash came between', async () => {
    const path = await write('swapped.ts')
    const [run, other] = [join(folder, 'swapped'), join(folder, 'swapped-other')]
    expect(lapstrake('train', path, ...plain, '--out', run, '--checkpoint-every', '5').status).toBe(0)
    expect(lapstrake('train', path, ...plain, '--out', other, '--seed', '1').status).toBe(0)
    const wanted = everything(other)
    renameSync(other, join(run, '.lapstrake-whole'))
    expect(lapstrake('compare', run).stdout).toMatch(/^seeds +1$/m)
    expect(everything(run)).toEqual(wanted)
    // The old one is gone, and part of the new one has come.
    mkdirSync(join(run, '.lapstrake-arriving'))
    for (const name of ['manifest.json', 'weights.safetensors'])
      renameSync(join(run, name), join(run, '.lapstrake-arriving', name))
    expect(lapstrake('compare', run).stdout).toMatch(/^seeds +1$/m)
    expect(everything(run)).toEqual(wanted)
    // Whoever trains there next meets a whole run too, and is told or replaces it.
    mkdirSync(join(run, '.lapstrake-arriving'))
    renameSync(join(run, 'manifest.json'), join(run, '.lapstrake-arriving', 'manifest.json'))
    expect(lapstrake('train', path, ...plain, '--out', run).stderr).toContain('expected a folder without a run')
    expect(everything(run)).toEqual(wanted)
    mkdirSync(join(run, '.lapstrake-arriving'))
    renameSync(join(run, 'manifest.json'), join(run, '.lapstrake-arriving', 'manifest.json'))
    expect(lapstrake('train', path, ...plain, '--out', run, '--overwrite').status).toBe(0)
    expect(lapstrake('compare', run).stdout).toMatch(/^seeds +0$/m)
  })
})
