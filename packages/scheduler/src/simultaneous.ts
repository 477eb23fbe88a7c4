import type { Schedule } from '@lapstrake/core'

/**
 * All units in one round: one forward pass, and what several units teach a shared stage is merged
 * (LoCo, Xiong et al. 2020, section 3.1, https://arxiv.org/abs/2008.01342). The overlap scheduler.
 */
export const simultaneous = (): Schedule => units => [units]
