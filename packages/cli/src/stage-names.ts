import type { Experiment } from 'lapstrake'

/** The names of an experiment's stages, from the bottom; where two have the same, each says its place. */
export function stageNames({ backbone: { stages } }: Experiment): readonly string[] {
  const names = stages.map(({ name }) => name)
  return names.map((name, i) => (names.filter(other => other === name).length > 1 ? `${i} ${name}` : name))
}
