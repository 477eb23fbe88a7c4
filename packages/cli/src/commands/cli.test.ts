import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeSafetensors, openJson, sealJson } from 'lapstrake/node'
import { command, lapstrake, lapstrakeWith, root, tinyRecipe, type Ended } from '../testing/lapstrake.ts'

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

test('every command explains itself', () => {
  expect(lapstrake('--help').stdout).toContain('quickstart')
  for (const name of [
    'train',
    'plan',
    'audit',
    'watch',
    'compare',
    'report',
    'sweep',
    'evaluate',
    'certify',
    'embed',
    'neighbours',
    'predict',
    'export',
    'doctor',
    'quickstart'
  ]) {
    const { status, stdout } = lapstrake(name, '--help')
    expect(status).toBe(0)
    expect(stdout).toContain('USAGE')
    expect(stdout).not.toContain('\x1b')
  }
}, 300_000)

test('says its version', () => {
  expect(lapstrake('--version').stdout).toBe(
    `${(JSON.parse(readFileSync(join(root, 'packages/cli/package.json'), 'utf8')) as { version: string }).version}\n`
  )
})

test('a flag that a command does not know ends it', () => {
  const { status, stderr } = lapstrake('quickstart', '--exmaples', '100')
  expect(status).toBe(2)
  expect(stderr).toBe(
    'quickstart: expected options among --data, --size, --labels-from, --examples, --epochs, --seed, --out, --json, ' +
      'got --exmaples. Did you mean --examples?\n'
  )
})

test('options before the command are refused', () => {
  const { status, stderr } = lapstrake('--epochs', '1', 'train', 'recipe.ts')
  expect(status).toBe(2)
  expect(stderr).toBe(
    'lapstrake: expected a command first, got --epochs. Options follow it: lapstrake train recipe.ts --epochs 1\n'
  )
})

describe('train', () => {
  test('saves a run that evaluate reads', async () => {
    const path = await write('good.ts')
    const out = join(folder, 'run')
    const trained = lapstrake('train', path, '--backend', 'wasm', '--out', out)
    expect(trained.stderr).toContain('Backend: wasm')
    expect(trained.stderr).toContain('Data: drawn shapes, 64 training examples of 28 × 28 × 3 in 8 classes.')
    expect(trained.stderr).toMatch(/unit0 +\d\.\d{3} +\d\.\d{3}/)
    expect(trained.stderr).toContain('What the columns say: packages/cli/README.md')
    expect(trained.stderr).toContain(`Saved ${out}. Next: npx lapstrake evaluate ${out}\n`)
    expect(trained.status).toBe(0)
    const lines = readFileSync(join(out, 'run.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { step: number; losses: object })
    expect(lines.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1))
    expect(JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'))).toMatchObject({
      name: 'tiny',
      seed: 0,
      steps: [12, 12],
      finished: true
    })
    const evaluated = lapstrake('evaluate', out, '--backend', 'wasm', '--test', '100')
    expect(evaluated.stderr).not.toContain('expected')
    expect(evaluated.stdout).toMatch(/raw pixels +\d+\.\d %/)
    expect(evaluated.stdout).toMatch(/tiny, conv2 +\d+\.\d %/)
  })

  test('evaluate reads with few labels and under corruptions, and keeps both beside the rest', () => {
    const evaluate = (...more: string[]): Ended =>
      lapstrake('evaluate', join(folder, 'run'), '--backend', 'wasm', '--test', '100', ...more)
    const { stdout, stderr } = evaluate('--labels', '2,50%,2', '--draws', '3', '--corruptions', 'fog, pixelate,fog')
    expect(stderr).not.toContain('expected')
    expect(stdout).toMatch(/nearest neighbours +2 a class +50 % labels\n/)
    expect(stdout).toMatch(/raw pixels +\d+\.\d % +\d+\.\d % +\d+\.\d ± \d+\.\d % +\d+\.\d ± \d+\.\d %\n/)
    expect(stdout).toMatch(/corruption +1 +2 +3 +4 +5 +mean +untrained, top\n/)
    expect(stdout).toMatch(/fog( +\d+\.\d %){7}\npixelate( +\d+\.\d %){7}\nmean( +\d+\.\d %){2}\n/)
    const kept = JSON.parse(readFileSync(join(folder, 'run', 'evaluation.json'), 'utf8')) as {
      of: Record<string, { rows: { lowLabel: object[] }[]; corrupted: { readouts: object[] }[] }>
    }
    const { rows, corrupted } = Object.values(kept.of)[0]!
    expect(rows.map(({ lowLabel }) => lowLabel)).toEqual(
      rows.map(() => [expect.objectContaining({ labels: 2, draws: 3 }), expect.objectContaining({ labels: 0.5 })])
    )
    expect(corrupted.map(({ readouts }) => readouts.length)).toEqual([10, 10])
    expect(lapstrake('compare', join(folder, 'run')).stderr).not.toContain('expected')
    expect(evaluate('--labels', '0.5').stderr).toContain(
      '--labels: expected labels of each class or parts of all below 100 %, got 0.5. ' +
        'Try --labels 10,100 or --labels 1%,10%.'
    )
    expect(evaluate('--corruptions', 'fogg').stderr).toContain(', got fogg. Did you mean fog?')
  })

  test('report maps its stages, or leaves the maps out', () => {
    const page = join(folder, 'report.html')
    const report = (images: string): string => {
      const { stderr, status } = lapstrake(
        ...['report', join(folder, 'run'), '--out', page, '--map', images, '--backend', 'wasm']
      )
      expect(status, stderr).toBe(0)
      expect(stderr).not.toContain('no map of')
      expect(stderr.includes('Mapping the stages of a run by')).toBe(images !== '0')
      return readFileSync(page, 'utf8')
    }
    const mapped = report('50')
    expect(mapped).toContain('<h2>Stages of tiny, seed 0</h2>')
    for (const stage of ['raw pixels', 'conv1', 'conv2']) expect(mapped).toContain(`<h3>${stage}</h3>`)
    expect(mapped).not.toMatch(/<script|<img|url\((?!#)/)
    const without = report('0')
    expect(without).not.toContain('Stages of tiny')
    const points = (of: string): number => of.split('<circle ').length
    expect(points(mapped) - points(without)).toBe(3 * 50)
    expect(lapstrake('report', join(folder, 'run'), '--out', page, '--map', '-1').stderr).toContain(
      '--map: expected a whole number from 0 to 5000, got -1.'
    )
  })

  test('report waits no longer for data than its maps may take', async () => {
    const out = join(folder, 'late')
    const slow = `data: { name: 'slow', async open(split, options) {
      if (process.env.LATE) await new Promise((_, reject) => {
        const waiting = setTimeout(() => {}, 60_000)
        options.signal?.addEventListener('abort', () => (clearTimeout(waiting), reject(options.signal.reason)))
      })
      return shapes({ limit: 64 }).open(split, options)
    } }`
    lapstrake('train', await write('late.ts', slow), '--backend', 'wasm', '--out', out)
    const begun = performance.now()
    const { stderr } = lapstrakeWith({ LATE: '1' }, 'report', out, '--out', join(folder, 'late.html'), '--seconds', '1')
    expect(performance.now() - begun).toBeLessThan(50_000)
    expect(stderr).toContain(`${out}: no map of its stages within 1 s. Ask for fewer images with --map, or allow more`)
    expect(stderr).toContain(`Saved ${join(folder, 'late.html')}: 1 run.`)
  })

  test('replaces a run only when told to, and when the new one is finished', async () => {
    const out = join(folder, 'repeated')
    const begin = async (change: string, ...more: string[]): Promise<Ended> =>
      lapstrakeWith(
        { npm_lifecycle_event: 'lapstrake' },
        'train',
        await write('repeated.ts', change),
        '--backend',
        'wasm',
        '--out',
        out,
        ...more
      )
    const trained = (path: string): { steps: number[]; finished: boolean } =>
      JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8')) as { steps: number[]; finished: boolean }
    expect((await begin('epochs: 1')).stderr).toContain(`Next: npm run lapstrake -- evaluate ${out}\n`)

    const refused = await begin('epochs: 2')
    expect(refused.status).toBe(1)
    expect(refused.stderr).toBe(
      `train: expected a folder without a run, got ${out}, which holds one. Choose another with --out, ` +
        `replace the run with --overwrite, or go on with it with --resume ${out}.\n`
    )

    const failed = await begin(
      'epochs: 2, loss: () => ([a]) => tf.mul(tf.mean(a), ++calls > 6 ? NaN : 1)',
      '--overwrite'
    )
    expect(failed.stderr).toContain('Saved the last good state in ')
    expect(trained(join(out, 'new'))).toMatchObject({ steps: [4, 8], finished: false })
    expect(trained(out).steps).toEqual([4, 4])

    expect((await begin('epochs: 2', '--overwrite')).stderr).toContain(`Saved ${out}. Next`)
    expect(trained(out)).toMatchObject({ steps: [8, 8], finished: true })
    expect(readFileSync(join(out, 'run.jsonl'), 'utf8').trim().split('\n')).toHaveLength(8)
    expect(readdirSync(out).sort()).toEqual([
      'best.safetensors',
      'manifest.json',
      'recipe.mjs',
      'run.jsonl',
      'state.safetensors',
      'weights.safetensors'
    ])
  })

  test('goes on, after it was killed, with the losses it would have had', async () => {
    const path = await write('killed.ts', 'epochs: 50')
    const [whole, killed] = [join(folder, 'whole'), join(folder, 'killed')]
    const asked = [
      '--epochs',
      '60',
      '--backend',
      'wasm',
      '--threads',
      '1',
      '--tensorboard',
      '--checkpoint-every',
      '100'
    ]
    expect(lapstrake('train', path, ...asked, '--out', whole).status).toBe(0)
    const child = spawn(...command('train', path, ...asked, '--out', killed, '--keep-every', '0'), {
      cwd: root,
      stdio: 'ignore'
    })
    const steps = (): number =>
      existsSync(join(killed, 'run.jsonl')) ? readFileSync(join(killed, 'run.jsonl'), 'utf8').split('\n').length : 0
    const watch = setInterval(() => {
      if (steps() > 40) child.kill('SIGKILL')
    }, 10)
    await new Promise(resolve => child.on('exit', resolve))
    clearInterval(watch)
    expect(JSON.parse(readFileSync(join(killed, 'manifest.json'), 'utf8'))).toMatchObject({ finished: false })

    // With all that was asked of it, and nothing to be asked again.
    const resumed = lapstrake('train', '--resume', killed)
    expect(resumed.stderr).toContain('Backend: wasm – WebAssembly, one thread')
    expect(readdirSync(join(killed, 'checkpoints'))).toEqual(['step-00000100.safetensors', 'step-00000200.safetensors'])
    expect(readdirSync(join(killed, 'tensorboard')).filter(name => name.startsWith('events'))).toHaveLength(2)
    expect(resumed.stderr).toMatch(/Going on behind step \d+\./)
    expect(resumed.stderr).toContain(`Saved ${killed}. Next: npx lapstrake evaluate ${killed}`)
    const losses = (run: string): unknown[] =>
      readFileSync(join(run, 'run.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map(line => {
          const { step, losses } = JSON.parse(line) as { step: number; losses: object }
          return { step, losses }
        })
    expect(losses(killed)).toEqual(losses(whole))
    for (const file of ['weights.safetensors', 'state.safetensors'])
      expect(readFileSync(join(killed, file)).equals(readFileSync(join(whole, file)))).toBe(true)
    // As a run that was killed between its last step and its end.
    const manifest = openJson(readFileSync(join(killed, 'manifest.json'), 'utf8'), 'manifest.json')
    await writeFile(join(killed, 'manifest.json'), sealJson({ ...manifest, steps: [0, 0], finished: false }))
    expect(lapstrake('train', '--resume', killed).stderr).toContain(
      'All 240 steps were taken: nothing is left to train. For more, give it more --epochs.'
    )
    expect(JSON.parse(readFileSync(join(killed, 'manifest.json'), 'utf8'))).toMatchObject({
      steps: [240, 240],
      finished: true
    })
    const untouched = readFileSync(join(killed, 'manifest.json'), 'utf8')
    for (const wrong of [
      ['--epochs', 'x'],
      ['--keep-every', '-1'],
      ['--backend', 'cuda'],
      ['--threads', '1e6'],
      ['--data', 'fashion']
    ])
      expect(lapstrake('train', '--resume', killed, ...wrong).status).toBeGreaterThan(0)
    expect(readFileSync(join(killed, 'manifest.json'), 'utf8')).toBe(untouched)
    const elsewhere = lapstrake(
      'train',
      path,
      '--resume',
      join(killed, 'state.safetensors'),
      '--epochs',
      '61',
      '--backend',
      'wasm',
      '--out',
      join(folder, 'elsewhere')
    )
    expect(elsewhere.stderr).toContain('Going on behind step 240.')
    expect(readFileSync(join(folder, 'elsewhere/run.jsonl'), 'utf8').trim().split('\n')).toHaveLength(4)
    expect(lapstrake('train', path, '--resume', killed).stderr).toContain(
      `train: expected no recipe beside --resume ${killed}: a run goes on with what it was begun with. Leave it out, ` +
        'or begin a run of its own from where it stands: '
    )
    expect(lapstrake('train', '--resume', join(folder, 'nowhere')).stderr).toContain('it has no manifest.json')
  })

  test('learns the same, to the bit, with any number of threads', async () => {
    const path = await write('threads.ts', 'batchSize: 32, epochs: 2')
    const weights = ['1', '2', '3'].map(threads => {
      const out = join(folder, `threads-${threads}`)
      expect(lapstrake('train', path, '--backend', 'wasm', '--threads', threads, '--out', out).status).toBe(0)
      return readFileSync(join(out, 'weights.safetensors'))
    })
    expect(weights.map(bytes => bytes.equals(weights[0]!))).toEqual([true, true, true])
  })

  test('goes on behind any of twenty kills, and ends with the bits of the run that nobody killed', async () => {
    const path = await write('often.ts', 'epochs: 50')
    const [whole, killed] = [join(folder, 'unkilled'), join(folder, 'often')]
    expect(lapstrake('train', path, '--backend', 'wasm', '--threads', '1', '--out', whole).status).toBe(0)
    const more = ['--backend', 'wasm', '--threads', '1', '--keep-every', '0']
    const taken = (): number =>
      existsSync(join(killed, 'run.jsonl')) ? readFileSync(join(killed, 'run.jsonl'), 'utf8').split('\n').length - 1 : 0
    let kills = 0
    for (let random = 7; kills < 20; random = (random * 48271) % 2147483647) {
      const child = spawn(
        ...command(
          'train',
          ...(taken() === 0 ? [path, ...more, '--out', killed, '--overwrite'] : ['--resume', killed])
        ),
        { cwd: root, stdio: 'ignore' }
      )
      const goal = Math.min(195, (kills + 1) * 9 + (random % 5))
      const watch = setInterval(() => {
        if (taken() >= goal) setTimeout(() => child.kill('SIGKILL'), random % 7)
      }, 2)
      await new Promise(resolve => child.on('exit', resolve))
      clearInterval(watch)
      kills++
      for (const file of ['state.safetensors', 'best.safetensors'].filter(name => existsSync(join(killed, name)))) {
        expect(() => decodeSafetensors(readFileSync(join(killed, file)))).not.toThrow()
      }
      JSON.parse(readFileSync(join(killed, 'manifest.json'), 'utf8'))
    }
    expect(taken()).toBeLessThan(200)
    expect(lapstrake('train', '--resume', killed).status).toBe(0)
    for (const file of ['weights.safetensors', 'state.safetensors', 'best.safetensors'])
      expect(readFileSync(join(killed, file)).equals(readFileSync(join(whole, file)))).toBe(true)
    expect(taken()).toBe(200)
  }, 400_000)

  test('keeps the best epoch and checkpoints for good, and evaluate reads them', async () => {
    const out = join(folder, 'kept')
    expect(
      lapstrake('train', await write('kept.ts'), '--backend', 'wasm', '--out', out, '--checkpoint-every', '5').status
    ).toBe(0)
    expect(readdirSync(join(out, 'checkpoints'))).toEqual(['step-00000005.safetensors', 'step-00000010.safetensors'])
    expect(existsSync(join(out, 'lock.json'))).toBe(false)
    expect(
      lapstrake('evaluate', out, '--backend', 'wasm', '--test', '50', '--weights', 'best.safetensors').stdout
    ).toMatch(/tiny, conv2 +\d+\.\d %/)
    const elsewhere = join(folder, 'from-checkpoint')
    expect(
      lapstrake(
        'train',
        join(folder, 'kept.ts'),
        '--backend',
        'wasm',
        '--resume',
        join(out, 'checkpoints/step-00000005.safetensors'),
        '--out',
        elsewhere
      ).status
    ).toBe(0)
    expect(
      readFileSync(join(elsewhere, 'weights.safetensors')).equals(readFileSync(join(out, 'weights.safetensors')))
    ).toBe(true)
  })

  test('a folder where another process trains is refused; one that was killed does not count', async () => {
    const path = await write('locked.ts', 'epochs: 10000')
    const out = join(folder, 'locked')
    const child = spawn(...command('train', path, '--backend', 'wasm', '--out', out, '--keep-every', '0'), {
      cwd: root,
      stdio: 'ignore'
    })
    const ended = new Promise(resolve => child.on('exit', resolve))
    while (!existsSync(join(out, 'state.safetensors'))) await new Promise(resolve => setTimeout(resolve, 50))
    const second = lapstrake('train', '--resume', out, '--backend', 'wasm')
    expect(second.status).toBe(1)
    expect(second.stderr).toContain(`train: expected a run of its own in ${out}, but process ${child.pid} on `)
    child.kill('SIGKILL')
    await ended
    expect(lapstrake('train', '--resume', out, '--epochs', '1', '--backend', 'wasm').stderr).not.toContain(
      'expected a run of its own'
    )
  })

  // Only root may mount; elsewhere a full disk is a rare thing to have at hand.
  test.skipIf(process.getuid?.() !== 0 || process.platform !== 'linux').for<string[]>([[], ['--tensorboard']])(
    'a disk that fills up is said once, and the run goes on, %j',
    async (options, context) => {
      const disk = join(folder, `disk${options.length}`)
      mkdirSync(disk)
      if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status !== 0)
        return context.skip('nothing may be mounted here')
      try {
        const { stderr, status } = lapstrake(
          'train',
          await write('full.ts', 'backbone: convNet({ widths: [16, 32], strides: [4, 2], layers: 1 })'),
          '--backend',
          'wasm',
          '--out',
          join(disk, 'run'),
          '--keep-every',
          '0',
          ...options
        )
        expect(stderr.match(/The disk is full: make room, or choose another folder\. Training goes on/g)).toHaveLength(
          1
        )
        expect(stderr).toContain('12/12')
        expect(status).toBe(1)
        expect(readdirSync(join(disk, 'run')).filter(name => name.endsWith('.part'))).toEqual([])
      } finally {
        spawnSync('umount', [disk])
      }
    }
  )

  test('saves a run whose units remember a teacher, and evaluate reads it', async () => {
    const path = join(folder, 'taught.ts')
    await writeFile(
      path,
      `import { crd, identity } from 'lapstrake'\n${tinyRecipe()}`.replace(
        'export default { ...experiment,',
        `
      const taught = { ...experiment, epochs: 1 }
      export default { ...taught, teacher: { backbone: taught.backbone, trainedBy: taught },
        auxiliary: [{ name: 'crd', start: 0, end: 2, head: identity(), loss: crd({ negatives: 8 }) }],`
      )
    )
    const out = join(folder, 'taught')
    const trained = lapstrake('train', path, '--backend', 'wasm', '--out', out)
    expect(trained.stderr).toContain('tiny (the teacher)')
    expect(trained.status).toBe(0)
    expect(lapstrake('evaluate', out, '--backend', 'wasm', '--test', '50').stdout).toMatch(/tiny, conv2 +\d+\.\d %/)
  })

  test('saves what it has when interrupted, and ends with 130', async () => {
    const path = await write('long.ts', 'epochs: 10000')
    const out = join(folder, 'interrupted')
    const child = spawn(...command('train', path, '--backend', 'wasm', '--out', out), {
      cwd: root,
      stdio: ['ignore', 'ignore', 'pipe']
    })
    let said = ''
    let stopped = false
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (said.includes('1/40000') && !stopped) {
        stopped = true
        child.kill('SIGINT')
      }
    })
    const code = await new Promise(resolve => child.on('exit', resolve))
    expect(code).toBe(130)
    const { steps, finished } = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')) as {
      steps: [number, number]
      finished: boolean
    }
    expect(finished).toBe(false)
    expect(steps[0]).toBeGreaterThan(0)
    expect(existsSync(join(out, 'weights.safetensors'))).toBe(true)
  })

  test('keeps the last good state when a loss explodes', async () => {
    const path = await write('exploding.ts', 'loss: () => ([a]) => tf.mul(tf.mean(a), ++calls > 4 ? NaN : 1)')
    const out = join(folder, 'exploded')
    const { status, stderr } = lapstrake('train', path, '--backend', 'wasm', '--out', out)
    expect(status).toBe(1)
    expect(stderr).toContain('train: expected finite losses, got NaN for unit0 in step 4.')
    expect(stderr).toContain('Saved the last good state')
    expect(existsSync(join(out, 'weights.safetensors'))).toBe(true)
  })

  test('says when a unit has nothing to compare', async () => {
    const path = await write('batch-of-one.ts', 'batchSize: 1, epochs: 1')
    const { status, stderr } = lapstrake(
      'train',
      path,
      '--backend',
      'wasm',
      '--examples',
      '3',
      '--out',
      join(folder, 'silent')
    )
    expect(status).toBe(0)
    expect(stderr).toContain(
      'unit0 found nothing to compare in its first batch: its loss is exactly 0 and teaches nothing. ' +
        'Try a larger batch, or labels.'
    )
  })

  test.each<[string, string, readonly string[], string]>([
    ['a recipe that is not there', '', ['nowhere.ts'], 'nowhere.ts: expected a file, got none.'],
    ['a recipe without a loss', 'loss: undefined', [], 'but it lacks loss.'],
    [
      'spans that do not fit',
      'isolation: overlapping({ size: 3 })',
      [],
      'overlapping: cannot cut 2 stages into windows of 3. Use a size of at most 2, or add stages.'
    ],
    [
      'a backend that nobody knows',
      '',
      ['--backend', 'cuda'],
      'useBackend: expected \'auto\' or one of node, webgpu, wasm, cpu, got "cuda".'
    ],
    [
      'data that nobody knows',
      '',
      ['--data', 'imagenet'],
      'data: expected one of shapes, fashion-mnist, mnist, cifar10, cifar100, or the path of a folder of images'
    ],
    ['a seed that is no number', '', ['--seed', 'x'], '--seed: expected a whole number of 0 or more, got x.'],
    ['a batch larger than the data', 'batchSize: 65', [], 'loader: expected a batch size from 1 to 64']
  ])('says what is wrong in one line: %s', async (name, change, more, message) => {
    const path = more[0] === 'nowhere.ts' ? 'nowhere.ts' : await write(`${name.replaceAll(' ', '-')}.ts`, change)
    const { status, stderr } = lapstrake(
      'train',
      path,
      '--out',
      join(folder, 'never'),
      ...(more.includes('--backend') ? [] : ['--backend', 'wasm']),
      ...(more[0] === 'nowhere.ts' ? [] : more)
    )
    expect(status).toBe(more[0] === '--seed' || more[0] === '--data' ? 2 : 1)
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('    at ')
    expect(existsSync(join(folder, 'never'))).toBe(false)
  })

  test('says which line of a recipe led to an error, and leaves nothing of a run that took no step', async () => {
    const path = await write('bug.ts', '\n  loss: () => ([a]) => (tf as any).meen(a)')
    const out = join(folder, 'deep/bug')
    const { stderr } = lapstrake('train', path, '--backend', 'wasm', '--out', out)
    expect(stderr).toMatch(
      new RegExp(
        `unit "unit0": tf\\.meen is not a function\\nIn .*bug\\.ts, line ${
          1 +
          readFileSync(path, 'utf8')
            .split('\n')
            .findIndex(line => line.includes('meen'))
        }, column \\d+\\.\\n$`
      )
    )
    expect(existsSync(join(folder, 'deep'))).toBe(false)
  })
})

test.each([
  [
    "import { ntxent } from 'lapstrake'\nexport default ntxent",
    "to load, but it does not: 'lapstrake' exports no ntxent. Did you mean ntXent?\n"
  ],
  ['export default {\n  name: (\n}\n', ':3:0: Unexpected "}". Mend that line.\n']
])('says why a recipe does not load: %j', async (text, message) => {
  const path = join(folder, 'unloadable.mts')
  await writeFile(path, text)
  const { status, stderr } = lapstrake('plan', path, '--memory', '3MB')
  expect([
    status,
    stderr.startsWith(`recipe: expected ${path} to load, but it does not: `),
    stderr.endsWith(message)
  ]).toEqual([1, true, true])
})

test('a command that nobody knows is refused, with one that is spelled alike', () => {
  expect(lapstrake('trian', 'recipe.ts').stderr).toMatch(
    /^lapstrake: expected a command among train, .*, got trian\. Did you mean train\?\n$/
  )
})

describe('certify', () => {
  const stochastic = `isolation: endToEnd(), head: () => identity(), loss: () => contrastiveLogistic(),
    backbone: {
      name: 's',
      stages: convNet({ widths: [4], strides: [4], layers: 1, norm: 'group' }).stages.map(stage =>
        lapstrake.stochastic(stage, { objective: klObjective({ inverseTemperature: 100 }) })
      )
    }`
  const writeStochastic = async (name: string, change: string): Promise<string> => {
    const path = join(folder, name)
    await writeFile(
      path,
      `import * as lapstrake from 'lapstrake'\nconst { contrastiveLogistic, endToEnd, identity, ` +
        `klObjective } = lapstrake\nexport const certificate = { negatives: 1 }\n${tinyRecipe(change)}`
    )
    return path
  }

  test('prints a certificate in words and as JSON', async () => {
    const out = join(folder, 'certified')
    expect(
      lapstrake('train', await writeStochastic('certified.ts', stochastic), '--backend', 'wasm', '--out', out).stderr
    ).toContain('Saved')
    const { status, stdout, stderr } = lapstrake('certify', out, '--backend', 'wasm', '--draws', '40')
    expect(stderr).not.toContain('expected')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^With probability 95 % over the draw of the sample, the risk is at most \d\.\d+\./)
    expect(stdout).toMatch(/tuples in the sample +32/)
    expect(stdout).toContain('at most (32 draws, one a tuple)')
    expect(lapstrake('certify', out, '--confidence', '0.95').stderr).toContain(
      '--confidence: expected percent from 50 to below 100, such as 95, got 0.95.'
    )
    const certificate = JSON.parse(
      lapstrake('certify', out, '--backend', 'wasm', '--draws', '20', '--plug-in', '--confidence', '90', '--json')
        .stdout
    ) as Record<string, number>
    expect(certificate.confidence).toBeCloseTo(0.9, 9)
    expect(certificate.bound).toBeGreaterThan(certificate.empiricalRisk!)
    expect(certificate.rigorous).toBe(false)
  })

  test('chooses among several runs, by what it is told, and says so beside how a mean classifier reads', async () => {
    const recipe = await writeStochastic('several.ts', stochastic)
    const outs = [0, 1].map(seed => join(folder, `several-${seed}`))
    outs.forEach((out, seed) => lapstrake('train', recipe, '--backend', 'wasm', '--seed', String(seed), '--out', out))
    const given = ['certify', ...outs, '--backend', 'wasm', '--draws', '8']
    const { stdout } = lapstrake(...given, '--select', 'stochastic', '--validation', '64')
    expect(stdout).toMatch(/^Of 2 runs, .*several-[01] has the least stochastic validation loss\./)
    expect(stdout).toMatch(/^run +bound +risk, unseen +KL, nats +stochastic +deterministic$/m)
    expect(stdout).toMatch(
      /^mean classifier, % +two classes +top 1 +top 5\n.*\nraw pixels +[\d. ]+\nuntrained, top .*\ntiny, top /m
    )
    interface Choice {
      readonly chosen: string
      readonly by: string
      readonly runs: readonly { readonly run: string; readonly certificate: { bound: number; confidence: number } }[]
    }
    const choice = JSON.parse(lapstrake(...given, '--json').stdout) as Choice
    expect(choice.by).toBe('bound')
    const bounds = choice.runs.map(({ certificate }) => certificate.bound)
    expect(choice.chosen).toBe(outs[bounds.indexOf(Math.min(...bounds))])
    expect(choice.runs.map(({ certificate }) => certificate.confidence)).toEqual([0.95, 0.95])
    expect(lapstrake(...given, '--select', 'luck').stderr).toContain(
      '--select: expected one of bound, stochastic, deterministic, got luck.'
    )
  })

  test('says why a run without stochastic stages has none', async () => {
    const out = join(folder, 'uncertified')
    lapstrake('train', await write('uncertified.ts', 'epochs: 1'), '--backend', 'wasm', '--out', out)
    expect(lapstrake('certify', out, '--backend', 'wasm').stderr).toContain(
      'certify: expected a recipe that exports what to certify, got none.'
    )
  })
})

test('evaluate says when there is no run', () => {
  expect(lapstrake('evaluate', folder).stderr).toContain(
    'but it has no manifest.json. Train one with: npx lapstrake train'
  )
})

test('doctor says what works and what to type for what does not', () => {
  const { status, stdout, stderr } = lapstrake('doctor')
  // The drivers of a GPU may have something to say.
  if (!existsSync('/dev/dri')) expect(stderr).toBe('')
  expect(status).toBe(0)
  expect(stdout).toMatch(/wasm +works/)
  expect(stdout).toMatch(/Backend: \w+ – /)
})

describe('plan', () => {
  test('foresees what a recipe needs, for each isolation, and draws it', async () => {
    const path = await write('planned.ts')
    const drawing = join(folder, 'spans.svg')
    const { status, stdout, stderr } = lapstrake(
      'plan',
      path,
      '--size',
      '28',
      '--balance',
      'memory',
      '--stages',
      '1',
      '--svg',
      drawing
    )
    expect(stderr).toBe('')
    expect(status).toBe(0)
    for (const word of [
      'tiny: 16 examples of 28 × 28 × 3 in 2 views.',
      'conv2',
      '4 × 4 × 6',
      '━━━ ━━━',
      'end-to-end',
      'largest batch in 4GB',
      'regroup(backbone, [])'
    ])
      expect(stdout).toContain(word)
    expect(readFileSync(drawing, 'utf8')).toContain('<svg xmlns')
    const { isolations, stages } = JSON.parse(lapstrake('plan', path, '--size', '28', '--json').stdout) as {
      isolations: { name: string; peakBytes: number }[]
      stages: { parameters: number }[]
    }
    expect(isolations.map(({ name }) => name)).toEqual(['end-to-end, as in the recipe', 'greedy', 'overlapping'])
    expect(isolations.every(({ peakBytes }) => peakBytes > 0)).toBe(true)
    expect(stages.map(({ parameters }) => parameters)).toEqual([3 * 9 * 4 + 8, 4 * 9 * 6 + 12])
  })

  test('tells losses how many examples there are, and their classes', async () => {
    const path = await write(
      'contrasted.ts',
      'teacher: { backbone: experiment.backbone, trainedBy: experiment }, ' +
        "loss: () => crd({ negatives: 8, labels: 'data' })"
    )
    const { status, stdout, stderr } = lapstrake('plan', path, '--memory', '3MB')
    expect(stderr).toBe('')
    expect(stdout).toContain('end-to-end')
    expect(status).toBe(0)
  })

  test.each([
    [['--memory', 'much'], '--memory: expected a number of bytes such as 512MB or 4GB, got much. Try 4GB.\n'],
    [['--balance', 'taste'], '--balance: expected memory or flops, got taste. Try memory.\n'],
    [['--balance', 'flops', '--stages', '3'], 'balance: expected 1 to 2 groups, for there are 2 blocks, got 3.\n']
  ])('refuses %j', async (options, message) => {
    const { status, stderr } = lapstrake('plan', await write('planned.ts'), '--size', '28', ...options)
    expect(status).toBe(message.startsWith('--') ? 2 : 1)
    expect(stderr).toBe(message)
  })
})

describe('audit', () => {
  test('shows which loss touches which weights', async () => {
    const { status, stdout } = lapstrake('audit', await write('audited.ts'), '--backend', 'cpu')
    expect(stdout).toContain('No loss reaches beyond its span')
    expect(stdout).toMatch(/unit0 +[\d.]+ +[\d.]+ +[\d.]+/)
    expect(status).toBe(0)
  })

  test('fails where a loss reads in the middle of a step', async () => {
    const path = await write(
      'reading.ts',
      'loss: () => (views, batch) => { views[0].dataSync(); return ntXent()(views, batch) }'
    )
    const { status, stdout } = lapstrake('audit', path, '--backend', 'cpu', '--json')
    expect(status).toBe(1)
    const { findings } = JSON.parse(stdout) as { findings: string[] }
    expect(findings).toHaveLength(1)
    expect(findings[0]).toContain('reading.ts')
  })
})
