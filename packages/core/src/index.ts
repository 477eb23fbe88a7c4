import '#gradients'

export type {
  Backbone, Batch, Buffers, Isolation, LocalLoss, Loss, Merge, Mode, Optimizer, OptimizerState, Params, Recipe,
  RememberingLoss, Schedule, Shape, Span, Stage, TargetNetwork, Unit, Variables, Views
} from './contracts.ts'
export { dispose, own, tensorsOf, type Owned } from './memory.ts'
export { meterMemory, type MemoryMeter } from './memory-meter.ts'
export { mean, sum, upperOnly } from './merge.ts'
export { randomFrom, seeded, type Random } from './random.ts'
export { stateless, type StatelessStage } from './stateless.ts'
export {
  createTrainer, type Gradients, type NetworkVariables, type State, type StepResult, type Trainer, type TrainerOptions, type UnitState
} from './trainer.ts'
export { leaves, mapTree, namedLeaves, withLeaves, type NamedLeaf, type Tree } from './tree.ts'
export { detached, vjp, type Cotangents, type PullOptions, type Vjp } from './vjp.ts'
export { withGradient, type WithGradient } from './with-gradient.ts'
