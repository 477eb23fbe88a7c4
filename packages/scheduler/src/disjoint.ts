import type { Schedule, Unit } from '@lapstrake/core'

/**
 * As few rounds as it takes for no two units of a round to share a stage. Each unit, by its start, joins the first
 * round with room for it; for intervals that is optimal.
 */
export const disjoint = (): Schedule => units => {
  const rounds: Unit[][] = []
  for (const unit of [...units].sort((a, b) => a.start - b.start || a.end - b.end)) {
    const round = rounds.find(members => members.every(({ start, end }) => end <= unit.start || unit.end <= start))
    if (round === undefined) rounds.push([unit])
    else round.push(unit)
  }
  return rounds
}
