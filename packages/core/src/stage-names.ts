import type { Stage } from './contracts.ts'

/**
 * The names of stages, from the bottom, all different: where two have the same, each says its place, counted from 0.
 */
export function stageNames(stages: readonly Pick<Stage, 'name'>[]): readonly string[] {
  if (!Array.isArray(stages) || stages.some(stage => typeof (stage as Partial<Stage> | null)?.name !== 'string'))
    throw new TypeError('stageNames: expected a list of stages with names, as in backbone.stages.')
  const names = stages.map(({ name }) => name)
  const told = names.map((name, i) => (names.filter(other => other === name).length > 1 ? `${i} ${name}` : name))
  return new Set(told).size === told.length ? told : names.map((name, i) => `${i} ${name}`)
}
