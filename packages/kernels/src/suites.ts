import { adamWUpdateSuite } from './adam-w-update.suite.ts'
import { batchNormGradientSuite } from './batch-norm-gradient.suite.ts'
import { blurImagesSuite } from './blur-images.suite.ts'
import { channelMomentsSuite } from './channel-moments.suite.ts'
import { contrastRowsSuite } from './contrast-rows.suite.ts'
import { groupNormSuite } from './group-norm.suite.ts'
import { groupNormGradientSuite } from './group-norm-gradient.suite.ts'
import type { KernelSuite } from './kernel-suite.ts'
import { larsUpdateSuite } from './lars-update.suite.ts'
import { mixColorsSuite } from './mix-colors.suite.ts'
import { momentumUpdateSuite } from './momentum-update.suite.ts'
import { reluGradientSuite } from './relu-gradient.suite.ts'
import { reluOfSumSuite } from './relu-of-sum.suite.ts'

export type { AttributesOf, Differentiable, InputsOf, KernelExample, KernelSuite } from './kernel-suite.ts'

/** Of all kernels, in the order of `fusedKernels`. */
export const kernelSuites: readonly KernelSuite[] = [
  adamWUpdateSuite,
  batchNormGradientSuite,
  blurImagesSuite,
  channelMomentsSuite,
  contrastRowsSuite,
  groupNormSuite,
  groupNormGradientSuite,
  larsUpdateSuite,
  mixColorsSuite,
  momentumUpdateSuite,
  reluGradientSuite,
  reluOfSumSuite
]
