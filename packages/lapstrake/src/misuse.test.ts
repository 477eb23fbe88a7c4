import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import { afterAll, expect, test } from 'vitest'
import * as lapstrake from './index.ts'
import { outcomeOf, publicFunctions } from './testing/public-functions.ts'

// What a call says that is given nothing, or what does not belong there, in plain JavaScript: one of our sentences, and
// no NaN. Nothing that is for people is excused. Questions, such as isImageDataset and hasHostHalf, may answer no.
const excused: Readonly<Record<string, readonly string[]>> = {
  'are the words of plugins and engines, called with what the contract hands them': [
    ...['detached', 'fusedOr', 'mapTree', 'mapViews', 'observeKernels', 'own', 'shapesOf', 'vjp', 'withGradient'],
    ...['withLeaves', 'reduced', 'reducedWithGradient']
  ],
  'are what others check with, and speak in their name': [
    ...['checkClasses', 'checkDataset', 'checkEmbeddings', 'checkGiven', 'checkOptions', 'checkShape', 'checkSignal'],
    ...['bytesFrom', 'checkTensors', 'checkWhole', 'didYouMean', 'fromStateDict', 'normOf', 'pairOf', 'toStateDict']
  ],
  'are what files are made of, each called with what another gave': ['crc32c', 'openJson', 'sealJson']
}

const folder = await mkdtemp(join(tmpdir(), 'lapstrake-misuse-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const misuses = [undefined, null, 0.1, 1, join(folder, 'x'), {}, []]

/** Nothing at all, and each of them in every place and in each place by itself. */
const callsOf = (places: number): readonly (readonly unknown[])[] => {
  const all = Array.from({ length: places }, (_, place) => place)
  return [
    [],
    ...misuses.map(value => all.map(() => value)),
    ...(places > 1
      ? all.flatMap(place => misuses.slice(1).map(value => all.map(i => (i === place ? value : undefined))))
      : [])
  ]
}

/** Words of JavaScript, Node and TensorFlow.js. */
const raw = new RegExp(
  "Cannot \\w+ (propert|undefined|null|'in'|')|is not iterable|is not a (function|constructor)|ENOENT|ERR_|" +
    'must be (of type|a Tensor)'
)

const isOurs = (error: unknown): boolean =>
  error instanceof Error && /^\S[^:]*: .*expected /s.test(`${error.message} `) && !raw.test(error.message)

const names = publicFunctions.map(({ name }) => name)

test('what is excused is there', () => {
  expect(
    Object.values(excused)
      .flat()
      .filter(name => !names.includes(name))
  ).toEqual([])
})

const held = publicFunctions.filter(({ name, parameters }) => {
  const isExcused = Object.values(excused).some(list => list.includes(name))
  return parameters.length > 0 && !isExcused
})

test.each(held.map(one => [one.name, one] as const))('%s says in our words what it cannot take', async (_, one) => {
  const strange: string[] = []
  for (const given of callsOf(one.parameters.length)) {
    const { value, error } = await outcomeOf(one, given)
    if (Number.isNaN(value) || (error !== undefined && !isOurs(error)))
      strange.push(`${JSON.stringify(given)}: ${String(error ?? value)}`)
  }
  expect([...new Set(strange)]).toEqual([])
})

const losses = Object.values({
  ...{
    ab: lapstrake.ab,
    at: lapstrake.at,
    cc: lapstrake.cc,
    crossEntropy: lapstrake.crossEntropy,
    fitNet: lapstrake.fitNet
  },
  ...{
    ft: lapstrake.ft,
    kd: lapstrake.kd,
    nst: lapstrake.nst,
    pkt: lapstrake.pkt,
    rkd: lapstrake.rkd,
    sp: lapstrake.sp
  },
  ...{ supCon: lapstrake.supCon, cacrMomentum: lapstrake.cacrMomentum }
}).map(factory => [factory.name, factory() as (...given: unknown[]) => unknown] as const)

test.each(losses)('%s without a batch says what it misses', (_, loss) => {
  const views = [tf.ones([3, 2])]
  for (const given of [[views], [views, null], [[...views, ...views], {}]]) {
    try {
      loss(...given)
    } catch (error) {
      expect(String(error)).not.toMatch(raw)
      expect(isOurs(error), String(error)).toBe(true)
    }
  }
})

const zeros = tf.zeros([2, 3])
test.each([
  [() => lapstrake.binaryKL(Number.NaN, 0.5), 'binaryKL: expected two chances from 0 to 1, got NaN and 0.5.'],
  [() => lapstrake.binaryKL(0.5, 1.5), 'binaryKL: expected two chances from 0 to 1, got 0.5 and 1.5.'],
  [() => lapstrake.hint(zeros, undefined as never), 'fitNet: expected tensors, none disposed, got undefined.'],
  [
    () => lapstrake.ntXent()(zeros as never, {} as never),
    /^ntXent: expected a list of tensors, none disposed, got \{.*"shape":\[2,3\]/
  ],
  [
    () => lapstrake.noiseContrastive([[1, 2]] as never, { examples: 4 }),
    'noiseContrastive: expected tensors, none disposed, got [[1,2]].'
  ],
  [
    () => lapstrake.hingeLoss(tf.zeros([3]) as never),
    'hingeLoss: expected margins [batch, negatives], got [3]. Make them with contrastiveMargins().'
  ],
  [
    () => lapstrake.supConLoss(tf.zeros([2, 2, 3]), { label: tf.zeros([2]) } as never),
    'supConLoss: expected options among labels, similarity, got label. Did you mean labels?'
  ],
  [() => lapstrake.combine([{}] as never), 'combine: expected a part with stages, got undefined.'],
  [
    () => lapstrake.combine([{ stages: [], units: {} }], 1 as never),
    'combine: expected weights, a number for each part, got 1.'
  ]
])('%s', (call, message) => {
  expect(call).toThrow(message)
})
