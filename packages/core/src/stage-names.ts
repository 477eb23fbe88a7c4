import { checkStages } from './check-recipe.ts'
import type { Stage } from './contracts.ts'

/**
 * The names of stages, from the bottom, all different: where two have the same, each says its place, counted from 0.
 */
export function stageNames(stages: readonly Pick<Stage, 'name'>[]): readonly string[] {
  checkStages('stageNames', { stages: stages as readonly Stage[] })
  const names = stages.map(({ name }) => name)
  const told = names.map((name, i) => (names.filter(other => other === name).length > 1 ? `${i} ${name}` : name))
  return new Set(told).size === told.length ? told : names.map((name, i) => `${i} ${name}`)
}
