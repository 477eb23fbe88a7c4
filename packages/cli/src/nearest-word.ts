/** The word that takes the fewest edits to reach. */
export function nearest(word: string, words: readonly string[]): string {
  return words.reduce((best, other) => (edits(word, other) < edits(word, best) ? other : best))
}

/** Letters to insert, delete or replace to make one word the other (Levenshtein 1966). */
function edits(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (const [row, letter] of [...from].entries()) {
    const current = [row + 1]
    for (let column = 0; column < to.length; column++) {
      current.push(Math.min(above[column + 1]! + 1, current[column]! + 1, above[column]! + (letter === to[column] ? 0 : 1)))
    }
    above = current
  }
  return above.at(-1)!
}
