import {
  adamW,
  convNet,
  endToEnd,
  greedy,
  ntXent,
  overlapping,
  projector,
  shapes,
  simclr,
  twoViews,
  warmupCosine,
  type Experiment
} from 'lapstrake'

/**
 * LoCo (Xiong et al. 2020): units of two stages, each sharing a stage with the next.
 *
 * The paper says why greedy learning falls behind: a stage never hears what those above it need, and a shallow head
 * helps it little. Units that overlap mend both, and for the first time close the gap to end-to-end contrast on
 * ImageNet, also where the features go on to detection and segmentation.
 *
 * The lines: `shapes()` draws the images. Their class is an outline, of which color, texture, place, size and turn tell
 * nothing, and one small stage sees too little of it. `overlapping()` makes five units of the six stages: the first
 * two, the second and third, and so on. `against` names the others that it is compared with; one field differs.
 *
 * Expect units of two to win back about half of what greedy learning loses against end-to-end, and units of three most
 * of it. What a greedy stage drops, no later one can find again; a stage that two units share keeps what the upper one
 * needs.
 *
 * Look at the bars of the upper stages: there the ways part. The lowest stage reads about alike in all of them.
 *
 *     npm run --silent study:recipe -- docs/recipes/03-loco.ts
 */
const recipe: Experiment = {
  name: 'loco',
  data: shapes({ limit: 6400, tests: 2000 }),
  batchSize: 64,
  epochs: 4,
  views: twoViews(simclr({ size: 28, preset: 'cifar', leastArea: 0.4 })),
  backbone: convNet({ widths: [32, 32, 64, 64, 128, 128], strides: [2, 1, 2, 1, 2, 1], layers: 1 }),
  isolation: overlapping(),
  head: () => projector({ dims: [128, 64] }),
  loss: () => ntXent({ temperature: 0.2 }),
  optimizer: adamW({ learningRate: warmupCosine({ peak: 2e-3, warmup: 30, total: 400 }) })
}

/** One field differs. */
export const against: readonly Experiment[] = [
  { ...recipe, name: 'greedy', isolation: greedy() },
  { ...recipe, name: 'units-of-three', isolation: overlapping({ size: 3 }) },
  { ...recipe, name: 'end-to-end', isolation: endToEnd() }
]

export default recipe
