import { expect, test } from 'vitest'
import { labelTable } from './label-table.ts'

const read = (text: string, path = 'labels.csv'): Record<string, string> =>
  Object.fromEntries(labelTable('imageFolder', path, text))

test.each<[string, string]>([
  ['commas', 'file,label\na.jpg,cat\nb/c.jpg,dog\n'],
  ['semicolons, as spreadsheets of some countries write them', '\uFEFFFile;Label\r\na.jpg;cat\r\nb/c.jpg;dog\r\n'],
  ['tabs', 'label\tpath\ncat\ta.jpg\ndog\tb/c.jpg'],
  ['quotation marks', '"file","label"\n"a.jpg","cat"\n\n"b/c.jpg","dog"'],
  ['other columns, backslashes and empty labels', 'id,file,label\n1,./a.jpg,cat\n2,b\\c.jpg, dog\n3,d.jpg,\n']
])('CSV with %s', (_, text) => {
  expect(read(text)).toEqual({ 'a.jpg': 'cat', 'b/c.jpg': 'dog' })
})

test('a cell in quotation marks may hold all', () => {
  expect(read('file,label\n"a, ""b"".jpg","two\nlines"')).toEqual({ 'a, "b".jpg': 'two\nlines' })
})

test.each<[string, string]>([
  ['a record', '{ "a.jpg": "cat", "b.jpg": 7 }'],
  ['a list', '[{ "file": "a.jpg", "label": "cat" }, { "path": "b.jpg", "class": 7 }, { "file": "c.jpg" }]']
])('JSON as %s', (_, text) => {
  expect(read(text, 'labels.json')).toEqual({ 'a.jpg': 'cat', 'b.jpg': '7' })
})

test.each<[string, string, string, string]>([
  ['no header', 'labels.csv', 'a.jpg,cat\n', 'imageFolder: expected a header file,label in labels.csv, got a.jpg,cat.'],
  ['an empty file', 'labels.csv', '', 'expected a header file,label in labels.csv, got an empty line.'],
  [
    'a short row',
    'labels.csv',
    'file,label\na.jpg\n',
    'expected a file and a label in row 2 of labels.csv, got a.jpg.'
  ],
  ['a mark that is not closed', 'labels.csv', 'file,label\n"a.jpg,cat\n', 'expected a file and a label in row 2 of'],
  [
    'two labels',
    'labels.csv',
    'file,label\na.jpg,cat\na.jpg,dog\n',
    "got 'cat' and 'dog' for a.jpg. Leave one of them"
  ],
  ['no labels', 'labels.csv', 'file,label\n', 'imageFolder: expected labels in labels.csv, got none.'],
  ['no JSON', 'labels.json', '{ a: 1 }', 'in labels.json, got what is no JSON. Mend it where it says: '],
  ['a number', 'labels.json', '7', 'in labels.json, got number. Write a record.'],
  ['lists of lists', 'labels.json', '{ "a.jpg": ["cat"] }', 'got {"a.jpg":["cat"]}.'],
  ['a list of names', 'labels.json', '["a.jpg", 7]', 'got 7.']
])('%s is refused', (_, path, text, message) => {
  expect(() => read(text, path)).toThrow(message)
})
