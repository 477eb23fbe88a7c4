import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { docComment, leads, withLeads } from './doc-comment.ts'

const folder = new URL('../../../../../docs/recipes/', import.meta.url)
const recipes = readdirSync(folder).filter(file => /^\d\d-.*(?<!\.test)\.ts$/.test(file))

test('a comment of one line is a title and a text', () => {
  expect(
    docComment('/** SimCLR (Chen et al. 2020): one loss at the top. */\nconst recipe = {}', '01-simclr.ts')
  ).toEqual({
    title: 'SimCLR',
    summary: 'SimCLR (Chen et al. 2020): one loss at the top.',
    text: 'SimCLR (Chen et al. 2020): one loss at the top.'
  })
})

test('indented lines and comments of other things are passed over; the first paragraph sums up', () => {
  const source =
    '/** Greater. */\nconst other = 1\n\n/**\n * LoCo: units of two stages,\n * each sharing one.\n *\n * Look up.\n ' +
    '*\n *     ' +
    'npm run study\n */\nconst recipe = {}\n'
  expect(docComment(source, '03-loco.ts')).toEqual({
    title: 'LoCo',
    summary: 'LoCo: units of two stages,\neach sharing one.',
    text: 'LoCo: units of two stages,\neach sharing one.\n\nLook up.'
  })
})

test('without a short name it is called like its file', () => {
  expect(docComment('const recipe = {}', '08-a-certificate.ts')).toEqual({
    title: 'A certificate',
    summary: '',
    text: ''
  })
})

test('every recipe says what its paper claims, what its lines do, what to expect and what to look at', () => {
  for (const file of recipes) {
    const { text } = docComment(readFileSync(new URL(file, folder), 'utf8'), file)
    const begin = text.split('\n\n').map(paragraph => leads.find(lead => paragraph.startsWith(lead)))
    expect([file, begin.filter(lead => lead !== undefined)]).toEqual([file, [...leads]])
  }
  expect(withLeads('LoCo.\n\nThe paper says: Expect it.\n\nExpect it.')).toBe(
    'LoCo.\n\n**The paper** says: Expect it.\n\n**Expect** it.'
  )
})

test('every recipe says what it is, under a name of its own', () => {
  const comments = recipes.map(file => docComment(readFileSync(new URL(file, folder), 'utf8'), file))
  expect(new Set(comments.map(({ title }) => title)).size).toBe(recipes.length)
  expect(comments.filter(({ text }) => text.length < 20)).toEqual([])
})
