/** A number, with a deviation and a unit perhaps, or nothing. */
const isNumber = (cell: string): boolean => /^([−+<]? ?[\d.]+( ± [\d.]+)? ?\S{0,2})?$/.test(cell)

/** Columns of a terminal; where nobody says how wide it is, as wide as most are. */
const usualWidth = 80

/** Between columns. */
const gap = 3

/** No column of words is broken to less. */
const leastWords = 20

/**
 * A table in plain text: columns of words to the left, columns of numbers to the right. It fits the terminal: where it
 * is too wide, heads are broken between words, then the widest column of words, and what is still too wide goes on
 * below, beside the first column again.
 *
 * @param width columns that it may take; those of the terminal, or else of `COLUMNS`, when left out
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width: number = process.stdout.columns || Number(process.env.COLUMNS) || usualWidth
): string {
  const columns = head.map((title, c): Column => {
    const cells = rows.map(row => row[c]!)
    const right = cells.every(isNumber)
    return { cells, right, title, natural: longest([title, ...cells]), least: longest([...title.split(' '), ...cells]) }
  })
  if (widthOf(columns.map(({ natural }) => natural)) <= width) return block(columns, 'natural')
  const broken = withBrokenWords(columns, width)
  return partsOf(broken, width)
    .map(part => block(withSlack(part, width), 'least'))
    .join('\n\n')
}

interface Column {
  readonly title: string
  readonly cells: readonly string[]
  readonly right: boolean
  /** Width where no line is broken. */
  readonly natural: number
  /** Width where the title is broken between its words. */
  readonly least: number
}

const longest = (texts: readonly string[]): number => Math.max(...texts.map(text => text.length))

const widthOf = (widths: readonly number[]): number =>
  widths.reduce((sum, width) => sum + width, 0) + gap * (widths.length - 1)

/** Takes what is too much from the widest column of words, where that has it to give. */
function withBrokenWords(columns: readonly Column[], width: number): readonly Column[] {
  const over = widthOf(columns.map(({ least }) => least)) - width
  const widest = columns.filter(({ right }) => !right).sort((a, b) => b.least - a.least)[0]
  if (over <= 0 || widest === undefined) return columns
  const least = Math.max(leastWords, widest.least - over)
  return columns.map(column => (column === widest && least < column.least ? { ...column, least } : column))
}

/** The columns in parts that fit, each with the first, which says what a row is. */
function partsOf([first, ...others]: readonly Column[], width: number): readonly (readonly Column[])[] {
  if (first === undefined) return []
  const parts: Column[][] = [[first]]
  for (const column of others) {
    const part = parts.at(-1)!
    const fits = widthOf([...part, column].map(({ least }) => least)) <= width
    if (fits || part.length === 1) part.push(column)
    else parts.push([first, column])
  }
  return parts
}

/** Leaves heads unbroken where there is room for it, the ones first that want least of it. */
function withSlack(part: readonly Column[], width: number): readonly Column[] {
  const wishes = [...part].sort((a, b) => a.natural - a.least - (b.natural - b.least))
  return wishes.reduce((now, wish) => {
    const wider = now.map(column => (column === wish ? { ...column, least: column.natural } : column))
    return widthOf(wider.map(({ least }) => least)) <= width ? wider : now
  }, part)
}

function block(columns: readonly Column[], which: 'natural' | 'least'): string {
  const widths = columns.map(column => column[which])
  const lines = (texts: readonly string[]): readonly string[] => {
    const cells = texts.map((text, c) => brokenAt(text, widths[c]!))
    const height = Math.max(...cells.map(({ length }) => length))
    return Array.from({ length: height }, (_, i) =>
      cells
        .map((cell, c) => {
          const [text, width] = [cell[i] ?? '', widths[c]!]
          return columns[c]!.right ? text.padStart(width) : text.padEnd(width)
        })
        .join(' '.repeat(gap))
        .trimEnd()
    )
  }
  return [
    ...lines(columns.map(({ title }) => title)),
    widths.map(width => '─'.repeat(width)).join('─'.repeat(gap)),
    ...columns[0]!.cells.flatMap((_, row) => lines(columns.map(({ cells }) => cells[row]!)))
  ].join('\n')
}

/** A text in lines of at most so many letters, broken between words. */
function brokenAt(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let rest = text
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width)
    const at = space > 0 ? space : width
    lines.push(rest.slice(0, at))
    rest = rest.slice(at).trimStart()
  }
  return [...lines, rest]
}
