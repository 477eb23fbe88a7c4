import { createHighlighter } from 'shiki'
import { describe, expect, test } from 'vitest'
import { citedExports } from './papers.data.ts'
import { citationsOf } from './citations.ts'
import { pageOf } from './links.ts'
import { typeChecked } from './type-checked.ts'

describe('links between files lead to pages', () => {
  test.each([
    ['packages/core', '/packages/core'],
    ['packages/losses/info-nce/README.md#exports', '/packages/loss-info-nce#exports'],
    ['docs/recipes/03-loco.ts', '/recipes/03-loco'],
    ['docs/results/peers.json', '/benchmarks'],
    ['docs/decisions', '/decisions/'],
    ['docs/guide/speed.md#kernels', '/guide/speed.md#kernels'],
    ['packages/core/src/vjp.ts', undefined]
  ])('%s', (file, page) => expect(pageOf(file)).toBe(page))
})

describe('citations of a doc comment', () => {
  test.each([
    [
      'See Chen et al. 2020, eq. 1, https://arxiv.org/abs/2002.05709',
      [{ paper: 'Chen et al. 2020', part: 'eq. 1', link: 'https://arxiv.org/abs/2002.05709' }]
    ],
    [
      "Tian et al. 2020, eq. 17 to 19, https://arxiv.org/abs/1910.10699; Z as in the authors' code. " +
        'van den Oord et al. 2018, eq. 4',
      [
        { paper: 'Tian et al. 2020', part: 'eq. 17 to 19', link: 'https://arxiv.org/abs/1910.10699' },
        { paper: 'van den Oord et al. 2018', part: 'eq. 4' }
      ]
    ],
    ['Wang & Isola 2020, section 3.1 and figure 1', [{ paper: 'Wang & Isola 2020', part: 'section 3.1, figure 1' }]],
    ['One finite number.', []]
  ])('%s', (text, citations) => expect(citationsOf(text)).toEqual(citations))

  test('the losses of the sources are among those that cite', () => {
    expect(citedExports().map(({ name }) => name)).toEqual(
      expect.arrayContaining(['ntXent', 'overlapping', 'adamW', 'crd'])
    )
  })
})

describe('code marked twoslash', async () => {
  const highlighter = await createHighlighter({ themes: ['github-light'], langs: ['ts'] })
  const show = (code: string): string =>
    highlighter.codeToHtml(code, {
      lang: 'ts',
      theme: 'github-light',
      meta: { __raw: 'twoslash' },
      transformers: [typeChecked() as never]
    })

  test('shows the types of the sources', () => {
    expect(show("import { greedy } from '@lapstrake/isolation'\nconst isolation = greedy()")).toContain(
      'title="const isolation: Isolation"'
    )
  })
  test.each([
    ['a wrong argument', "import { greedy } from '@lapstrake/isolation'\ngreedy(3)", /2554/],
    ['a name that is not exported', "import { gready } from '@lapstrake/isolation'", /2724/],
    ['a package that is not there', "import '@lapstrake/isolations'", /2882|2307/]
  ])('ends the build for %s', (_, code, error) => expect(() => show(code)).toThrow(error))
})
