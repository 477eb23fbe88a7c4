import type { Merge } from './contracts.ts'

/** Adds what the units teach (LoCo, Xiong et al. 2020, section 3.1, https://arxiv.org/abs/2008.01342). The default. */
export const sum = (): Merge => units => units.map(() => 1)

/** Averages what the units teach, so that a shared stage moves no further than one inside a single unit. */
export const mean = (): Merge => units => units.map(() => 1 / units.length)

/** Keeps only what the uppermost unit teaches (LoCo's ablation "upper layer grad only", Xiong et al. 2020, table 5). */
export const upperOnly = (): Merge => units => units.map((_, i) => (i === units.length - 1 ? 1 : 0))
