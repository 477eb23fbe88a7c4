/** A number, with a deviation and a unit perhaps, or nothing. */
const isNumber = (cell: string): boolean => /^([−+<]? ?[\d.]+( ± [\d.]+)? ?\S{0,2})?$/.test(cell)

/** A table in plain text: columns of words to the left, columns of numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = head.map((title, c) => ({
    width: Math.max(title.length, ...rows.map(row => row[c]!.length)),
    right: rows.every(row => isNumber(row[c]!))
  }))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, c) => {
        const { width, right } = columns[c]!
        return right ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('   ')
      .trimEnd()
  return [line(head), columns.map(({ width }) => '─'.repeat(width)).join('───'), ...rows.map(line)].join('\n')
}
