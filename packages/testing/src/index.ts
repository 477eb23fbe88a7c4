import '@tensorflow/tfjs-backend-cpu'

export { describeIsolation, type IsolationSuite } from './describe-isolation.ts'
export { describeLoss, type LossSuite } from './describe-loss.ts'
export { describeOptimizer, type OptimizerSuite } from './describe-optimizer.ts'
export { describeStage, type StageSuite } from './describe-stage.ts'
export { expectGolden, expectGoldenTensor, goldenTensor, type GoldenCall, type GoldenTensor } from './golden.ts'
export { gradientError, type GradientCheck } from './gradient-error.ts'
export { read } from './read.ts'
