/** A part of one, with one digit, as in `82.4 %`. */
export const percent = (part: number): string => `${(100 * part).toFixed(1)} %`
