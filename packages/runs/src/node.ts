export { bestEpoch } from './node/best-epoch.ts'
export { type Comparison, compareRuns, comparisonTable, differencesTable, significanceSaid } from './node/comparison.ts'
export {
  type Corrupted,
  type Evaluation,
  type Readout,
  leaveEvaluation,
  parseEvaluations,
  sealOf
} from './node/evaluation.ts'
export { followRun } from './node/follow-run.ts'
export { howToType } from './node/how-to-type.ts'
export { inOurWords } from './node/in-our-words.ts'
export { loadBundled, loadExperiment, loadKeptRecipe, type KeptRecipe, loadSweep } from './node/load-experiment.ts'
export { type Manifest, type RunOptions, parseManifest, readManifest } from './node/manifest.ts'
export { openRun, type OpenRun, type OpenRunOptions } from './node/open-run.ts'
export { outbox } from './node/outbox.ts'
export { placeOf } from './node/own-lines.ts'
export { thisProcess } from './node/process-identity.ts'
export { recentLoss, recentLosses, unitsOf } from './node/recent-loss.ts'
export { bundleRecipe, recipeChanges } from './node/recipe-bundle.ts'
export { type RecordedRun, readRun, readRuns } from './node/recorded-run.ts'
export {
  type RunDirectory,
  canGoOn,
  claimFolder,
  claimKeptRun,
  createRunDirectory,
  reopenRunDirectory,
  settled
} from './node/run-directory.ts'
export { figures, figuresSaid } from './node/run-figures.ts'
export { runFiles } from './node/run-file-names.ts'
export { isReplacing, replacing } from './node/run-files.ts'
export { runKeeper } from './node/run-keeper.ts'
export { isHeld } from './node/run-lock.ts'
export { settableIn, type Settings, WrongSetting } from './node/settings.ts'
export { lineOf, stepsIn } from './node/step-log.ts'
export { type Board, type OpenBoardOptions, openBoard } from './node/tensorboard.ts'
export { checkOwnFile, writeOwnFile } from './node/write-own-file.ts'
