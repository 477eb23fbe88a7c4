/** @throws RangeError unless `value` lies in [low, high) */
export function checkRange(who: string, what: string, value: number, low: number, high: number): void {
  if (!(typeof value === 'number' && value >= low && value < high)) {
    throw new RangeError(`${who}: expected ${what} from ${low} to below ${high}, got ${String(value)}.`)
  }
}
