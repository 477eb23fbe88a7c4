import type { Stage } from './contracts.ts'

/** The names of stages, from the bottom; where two have the same, each says its place, counted from 0. */
export function stageNames(stages: readonly Pick<Stage, 'name'>[]): readonly string[] {
  const names = stages.map(({ name }) => name)
  return names.map((name, i) => (names.filter(other => other === name).length > 1 ? `${i} ${name}` : name))
}
