import type { Mode } from './contracts.ts'

/**
 * The mode of one part of a network: with a randomness of its own, for two stages of one name draw different numbers.
 */
export const modeFor = (mode: Mode, ...part: readonly (string | number)[]): Mode =>
  mode.training ? { ...mode, random: mode.random.split(...part) } : mode
