import type { FusedKernel } from '@lapstrake/core'
import { adamWUpdate } from './adam-w-update.ts'
import { batchNormGradient } from './batch-norm-gradient.ts'
import { blurImages } from './blur-images.ts'
import { channelMoments } from './channel-moments.ts'
import { contrastRows } from './contrast-rows.ts'
import { groupNorm } from './group-norm.ts'
import { groupNormGradient } from './group-norm-gradient.ts'
import { larsUpdate } from './lars-update.ts'
import { mixColors } from './mix-colors.ts'
import { momentumUpdate } from './momentum-update.ts'
import { reluGradient } from './relu-gradient.ts'
import { reluOfSum } from './relu-of-sum.ts'

/** All there are, for those who answer for each: the planner, and the tests of a backend. */
export const fusedKernels: readonly FusedKernel[] = [
  adamWUpdate,
  batchNormGradient,
  blurImages,
  channelMoments,
  contrastRows,
  groupNorm,
  groupNormGradient,
  larsUpdate,
  mixColors,
  momentumUpdate,
  reluGradient,
  reluOfSum
]
