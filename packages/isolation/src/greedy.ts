import type { Isolation } from '@lapstrake/core'
import { nWise } from './n-wise.ts'

/** Every stage learns alone (Greedy InfoMax, Löwe et al. 2019, section 3, https://arxiv.org/abs/1905.11786). */
export const greedy = (): Isolation => nWise({ size: 1 })
