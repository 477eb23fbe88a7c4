/** The names of the classes of files, by the paths of files. */
export type LabelTable = ReadonlyMap<string, string>

const fileNames = ['file', 'filename', 'path', 'image']
const labelNames = ['label', 'class']

/**
 * The labels in a table: CSV with a header of `file` and `label`, whose columns are parted by commas, semicolons or
 * tabs, or JSON, as `{ "a.jpg": "cat" }` or `[{ "file": "a.jpg", "label": "cat" }]`. A file whose label is empty has
 * none.
 *
 * @param path for messages, and to tell JSON from CSV
 * @throws Error for what is no such table, and a file that has two labels
 */
export function labelTable(who: string, path: string, text: string): LabelTable {
  const rows = /\.json$/i.test(path) ? rowsOfJson(who, path, text) : rowsOfCsv(who, path, text)
  const table = new Map<string, string>()
  for (const [file, label] of rows) {
    const name = file.trim().replaceAll('\\', '/').replace(/^\.\//, '')
    if (label.trim() === '') continue
    const known = table.get(name)
    if (known !== undefined && known !== label.trim())
      throw new Error(
        `${who}: expected one label for each file in ${path}, got '${known}' and '${label.trim()}' for ${name}. ` +
          'Leave one of them out.'
      )
    table.set(name, label.trim())
  }
  if (table.size === 0)
    throw new Error(`${who}: expected labels in ${path}, got none. Give each file one, or leave the table out.`)
  return table
}

type Row = readonly [file: string, label: string]

function rowsOfCsv(who: string, path: string, text: string): readonly Row[] {
  const plain = text.replace(/^\uFEFF/, '')
  const [head = ''] = plain.split(/\r?\n|\r/, 1)
  const mark = [',', ';', '\t'].find(one => head.includes(one)) ?? ','
  const [header = [], ...rows] = cellsOf(plain, mark)
  const column = (names: readonly string[]): number =>
    header.findIndex(name => names.includes(name.trim().toLowerCase()))
  const [file, label] = [column(fileNames), column(labelNames)]
  if (file < 0 || label < 0) {
    throw new Error(
      `${who}: expected a header file,label in ${path}, got ${header.join(mark).slice(0, 80) || 'an empty line'}. ` +
        'Write it above the first row.'
    )
  }
  return rows.map((row, i) => {
    if (row[file] === undefined || row[label] === undefined)
      throw new Error(
        `${who}: expected a file and a label in row ${i + 2} of ${path}, got ${row.join(mark).slice(0, 80)}. ` +
          'Put a value with a comma in it into quotation marks.'
      )
    return [row[file], row[label]]
  })
}

/** Rows of cells, as RFC 4180 has them: those in quotation marks may hold marks, ends of lines and "" for ". */
function cellsOf(text: string, mark: string): readonly (readonly string[])[] {
  const cell = new RegExp(`(?:"((?:[^"]|"")*)"|((?!")[^${mark}\\r\\n]*))(${mark}|\\r?\\n|\\r|$)`, 'y')
  const rows: string[][] = []
  let row: string[] = []
  while (cell.lastIndex < text.length) {
    const [, quoted, plain = '', end] = cell.exec(text) ?? []
    // Behind a quotation mark that is not closed nothing matches: what is left is a cell of its own, and refused.
    if (end === undefined) return [...rows, [...row, text.slice(-40)]]
    row.push(quoted?.replaceAll('""', '"') ?? plain)
    if (end === mark) continue
    if (row.length > 1 || row[0] !== '') rows.push(row)
    row = []
  }
  return row.length === 0 ? rows : [...rows, [...row, '']]
}

function rowsOfJson(who: string, path: string, text: string): readonly Row[] {
  const expected = `${who}: expected { "a.jpg": "cat" } or [{ "file": "a.jpg", "label": "cat" }] in ${path}`
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new Error(`${expected}, got what is no JSON. Mend it where it says: ${(cause as Error).message}`, { cause })
  }
  if (typeof parsed !== 'object' || parsed === null)
    throw new Error(`${expected}, got ${typeof parsed}. Write a record.`)
  const among = (record: object, names: readonly string[]): unknown =>
    Object.entries(record).find(([name]) => names.includes(name.toLowerCase()))?.[1]
  const rows = Array.isArray(parsed)
    ? parsed.map((row: unknown) =>
        typeof row === 'object' && row !== null ? [among(row, fileNames), among(row, labelNames) ?? ''] : [row, '']
      )
    : Object.entries(parsed)
  return rows.map(([file, label], i) => {
    if (typeof file === 'string' && (typeof label === 'string' || typeof label === 'number'))
      return [file, String(label)]
    throw new Error(
      `${expected}, got ${JSON.stringify(Array.isArray(parsed) ? parsed[i] : { [String(file)]: label })}.`
    )
  })
}
