/** The loss of every unit, each behind its name, as in `loss of unit0 4.04, unit1 3.98`. */
export const lossesSaid = (losses: readonly (readonly [unit: string, loss: number])[]): string =>
  `loss of ${losses.map(([unit, loss]) => `${unit} ${loss.toFixed(2)}`).join(', ')}`
