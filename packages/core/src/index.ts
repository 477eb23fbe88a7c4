export type { Begun } from './begin.ts'
export { checkRecipe, checkShape } from './check-recipe.ts'
export { checkClasses, checkEmbeddings, checkTensors } from './check-embeddings.ts'
export { ofTeacher, ofTwoViews, perUnit, scheduled, symmetric, weighted } from './combined-losses.ts'
export type {
  Backbone,
  Batch,
  Buffers,
  Context,
  Isolation,
  LocalLoss,
  Loss,
  LossShapes,
  LossVariables,
  Memory,
  Merge,
  Mode,
  OfExamples,
  OneOrNamed,
  Optimizer,
  OptimizerState,
  Params,
  Recipe,
  Schedule,
  Sight,
  Span,
  Stage,
  StatefulLoss,
  TargetNetwork,
  Teacher,
  Unit,
  Variables,
  Views
} from './contracts.ts'
export { DeviceLost, MissingLabels, OutOfRoom } from './errors.ts'
export {
  fusedOr,
  shapesOf,
  type FusedKernel,
  type KernelAttributes,
  type KernelInputs,
  type KernelResults,
  type NoAttributes,
  type ShapesOf
} from './fused.ts'
export { combine, type Learned, type Penalty, type Round, type StageLesson, type UnitLesson } from './learned.ts'
export { copyOf, dispose, own, tensorsOf, type Owned } from './memory.ts'
export { meterMemory, type MemoryMeter } from './memory-meter.ts'
export { mean, sum, upperOnly } from './merge.ts'
export { networkOf, type EncodeOptions, type LevelsOptions, type Network } from './network.ts'
export type { TrainerOptions } from './prepared.ts'
export { checkGiven, checkOptions, didYouMean, type OptionKind, type OptionKinds, type OptionType } from './options.ts'
export { randomFrom, seeded, type Random } from './random.ts'
export {
  reduced,
  reducedWithGradient,
  reductionKind,
  type LossOf,
  type Reduced,
  type Reduction,
  type ReductionOptions,
  type RowLoss,
  type StatefulLossOf,
  type ViewLossOf
} from './reduction.ts'
export type { Shape } from './shape.ts'
export { stageNames } from './stage-names.ts'
export { stateless, type StatelessStage } from './stateless.ts'
export { untrainedTeacher, type TeacherVariables } from './teacher.ts'
export { mapTeachers, teachersOf } from './teachers.ts'
export { type NetworkVariables, type State, type UnitState } from './state.ts'
export type { GradientNorms, StepOptions, StepResult } from './step.ts'
export { createTrainer, type LearnOptions, type Trainer } from './trainer.ts'
export { detached, observeKernels, type KernelCall, type KernelObserver } from './tfjs-internals.ts'
export { leaves, mapTree, namedLeaves, withLeaves, type NamedLeaf, type Tree } from './tree.ts'
export { mapViews, pairOf } from './views.ts'
export { vjp, type Cotangents, type PullOptions, type Vjp } from './vjp.ts'
export { unitsOf } from './units.ts'
export { type Lesson } from './window-walk.ts'
export { withGradient, type WithGradient } from './with-gradient.ts'
