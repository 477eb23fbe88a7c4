export { perUnit, scheduled, symmetric, weighted } from './combine.ts'
export type {
  Backbone,
  Batch,
  Buffers,
  Isolation,
  LocalLoss,
  Loss,
  LossShapes,
  LossVariables,
  Memory,
  Merge,
  Mode,
  Optimizer,
  OptimizerState,
  Params,
  Recipe,
  Schedule,
  Shape,
  Span,
  Stage,
  StatefulLoss,
  TargetNetwork,
  Teacher,
  Unit,
  Variables,
  Views
} from './contracts.ts'
export { fusedOr } from './fused.ts'
export { dispose, own, tensorsOf, type Owned } from './memory.ts'
export { meterMemory, type MemoryMeter } from './memory-meter.ts'
export { mean, sum, upperOnly } from './merge.ts'
export { randomFrom, seeded, type Random } from './random.ts'
export { stageNames } from './stage-names.ts'
export { stateless, type StatelessStage } from './stateless.ts'
export { untrainedTeacher, type TeacherVariables } from './teacher.ts'
export {
  createTrainer,
  type GradientNorms,
  type Gradients,
  type NetworkVariables,
  type State,
  type StepOptions,
  type StepResult,
  type Trainer,
  type TrainerOptions,
  type UnitState
} from './trainer.ts'
export { leaves, mapTree, namedLeaves, withLeaves, type NamedLeaf, type Tree } from './tree.ts'
export { detached, vjp, type Cotangents, type PullOptions, type Vjp } from './vjp.ts'
export { withGradient, type WithGradient } from './with-gradient.ts'
