import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { publicFunctions, thrownBy } from './testing/public-functions.ts'

// What a call says that is given nothing, or what does not belong there, in plain JavaScript: one of our sentences.
// Functions that take options are never excused, nor is what a person writes into a recipe or calls first.
const excused: Readonly<Record<string, readonly string[]>> = {
  'are arithmetic on tensors, called by a loss, stage or certificate whose own arguments are checked': [
    ...['activationBoundary', 'attentionTransfer', 'byolLoss', 'cacrAgainst', 'cacrLoss', 'chiSquareDivergence'],
    ...['contrastiveMargins', 'correlationCongruence', 'crdLoss', 'factorTransfer', 'flowOfSolution', 'gaussianKL'],
    ...['globalAveragePool', 'hingeLoss', 'hint', 'infoNCEAgainst', 'klDivergence', 'knowledgeDistillation'],
    ...['logGaussianChiSquare', 'logisticLoss', 'negativeCosine', 'neuronSelectivity', 'noiseContrastive'],
    ...['probabilisticTransfer', 'relational', 'similarityPreserving', 'simSiamLoss', 'supConLoss'],
    ...['variationalInformation', 'zeroOneLoss']
  ],
  'are the words of plugins and engines, called with what the contract hands them': [
    ...['combine', 'detached', 'fusedOr', 'mapTree', 'mapViews', 'observeKernels', 'own', 'pairOf', 'shapesOf', 'vjp'],
    ...['withGradient', 'withLeaves'],
    ...['bytesToFetch', 'collateInstances', 'dataOf', 'drawGeometry', 'hasHostHalf', 'isImageDataset', 'servedSets'],
    ...['throughGeometry', 'viewsOf'],
    ...['chiSquareComplexityOf', 'complexityOf', 'isStochastic', 'progressOf', 'sayCertificate', 'weighPosterior']
  ],
  'are what others check with, and speak in their name': [
    ...['checkClasses', 'checkEmbeddings', 'checkGiven', 'checkOptions', 'checkShape', 'didYouMean', 'normOf']
  ],
  'are parts of the command line, each called with what another gave': [
    ...['bundleRecipe', 'canGoOn', 'claimKeptRun', 'compareRuns', 'comparisonTable', 'crc32c', 'createRunDirectory'],
    ...['differencesTable', 'howToType', 'isHeld', 'isReplacing', 'leaveEvaluation', 'lineOf', 'loadBundled'],
    ...['loadKeptRecipe', 'openJson', 'parseEvaluations', 'parseManifest', 'recentLoss', 'recentLosses'],
    ...['recipeChanges', 'reopenRunDirectory', 'sealJson', 'sealOf', 'settled', 'stepsIn', 'writeOwnFile']
  ]
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
