import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { publicFunctions, thrownBy } from './testing/public-functions.ts'

// What a call says that is given nothing, or what does not belong there, in plain JavaScript: one of our sentences.
// Functions that take options are never excused, nor is what a person writes into a recipe or calls first. Questions,
// such as isImageDataset and hasHostHalf, may answer no: they are held to it all the same.
const excused: Readonly<Record<string, readonly string[]>> = {
  'are arithmetic on tensors, called by a loss, stage or certificate whose own arguments are checked': [
    ...['activationBoundary', 'attentionTransfer', 'byolLoss', 'cacrAgainst', 'cacrLoss'],
    ...['contrastiveMargins', 'correlationCongruence', 'crdLoss', 'factorTransfer', 'flowOfSolution', 'gaussianKL'],
    ...['globalAveragePool', 'hingeLoss', 'hint', 'infoNCEAgainst', 'knowledgeDistillation'],
    ...['logGaussianChiSquare', 'logisticLoss', 'negativeCosine', 'neuronSelectivity', 'noiseContrastive'],
    ...['probabilisticTransfer', 'relational', 'similarityPreserving', 'simSiamLoss', 'supConLoss'],
    ...['variationalInformation', 'zeroOneLoss']
  ],
  'are the words of plugins and engines, called with what the contract hands them': [
    ...['combine', 'detached', 'fusedOr', 'mapTree', 'mapViews', 'observeKernels', 'own', 'pairOf', 'shapesOf', 'vjp'],
    ...['withGradient', 'withLeaves'],
    ...['progressOf', 'reduced', 'reducedWithGradient']
  ],
  'are what others check with, and speak in their name': [
    ...[
      'checkClasses',
      'checkDataset',
      'checkEmbeddings',
      'checkGiven',
      'checkOptions',
      'checkShape',
      'checkSignal',
      'didYouMean',
      'normOf'
    ]
  ],
  'are what files are made of, each called with what another gave': [...['crc32c', 'openJson', 'sealJson']]
}

const folder = await mkdtemp(join(tmpdir(), 'lapstrake-misuse-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const misuses = [undefined, null, 0.1, join(folder, 'x'), {}, []]

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
    const error = await thrownBy(one, given)
    if (error !== undefined && !isOurs(error)) strange.push(`${JSON.stringify(given)}: ${String(error)}`)
  }
  expect([...new Set(strange)]).toEqual([])
})
