import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSite, type OpenSite } from './testing/open-site.ts'
import { kinds, pages } from './testing/pages.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const widths = [360, 768, 1280, 1440, 1920] as const

/** What of a page cannot be seen without scrolling sideways, or lies below its bars; run in the page. */
function hidden(): string[] {
  scrollTo(0, 0)
  const wider = document.documentElement.scrollWidth - innerWidth
  const boxOf = (element: Element): DOMRect => element.getBoundingClientRect()
  const shows = (element: Element): boolean => element.checkVisibility({ visibilityProperty: true })
  const bars = [...document.querySelectorAll('.VPSidebar, .VPDoc .aside, .VPNavBar, .VPLocalNav')].filter(bar => {
    const { left, right, width, height } = boxOf(bar)
    return shows(bar) && width > 0 && height > 0 && right > 0 && left < innerWidth
  })
  const blocks = document.querySelectorAll(
    '.vp-doc :is(h1, h2, h3, p, li, pre, table, figure, svg, details, button, input, .bench, .race, .drop)'
  )
  const found = wider > 0 ? [`${wider} px wider than the window`] : []
  for (const block of blocks) {
    if (!shows(block)) continue
    const { left, right, top, bottom, width } = boxOf(block)
    if (width === 0) continue
    // What scrolls by itself may be wider than what it lies in.
    const scrolls = block.parentElement?.closest('pre, table, .scrolls, .cm-editor, div[class*=language-]')
    const name = `${block.tagName.toLowerCase()} "${(block.textContent ?? '').trim().slice(0, 30)}"`
    if (!scrolls && (left < -0.5 || right > innerWidth + 0.5)) found.push(`${name} leaves the window`)
    if (scrolls) continue
    const cover = bars.find(bar => {
      const box = boxOf(bar)
      if (left >= box.right - 0.5 || right <= box.left + 0.5) return false
      // Columns stand beside the page however far it is scrolled.
      return bar.matches('.VPSidebar, .aside') || (top < box.bottom - 0.5 && bottom > box.top + 0.5)
    })
    if (cover !== undefined) found.push(`${name} lies below ${cover.className.split(' ')[0]}`)
  }
  return found.slice(0, 5)
}

describe('every page', () => {
  let site: OpenSite
  let page: Page
  const failed: string[] = []
  const links = new Map<string, string>()
  const descriptions = new Map<string, string>()
  const anchors = new Map<string, ReadonlySet<string>>()

  beforeAll(async () => {
    site = await openSite()
    page = await site.context.newPage()
    page.on('response', response => {
      if (response.status() >= 400) failed.push(`${response.status()} ${response.url()}`)
    })
    page.on('requestfailed', request => {
      // What a page no longer wants when it is left did not fail.
      if (request.failure()?.errorText !== 'net::ERR_ABORTED')
        failed.push(`${request.failure()?.errorText} ${request.url()}`)
    })
    page.on('request', request => {
      if (!request.url().startsWith(site.url) && !/^(data|blob):/.test(request.url()))
        failed.push(`elsewhere: ${request.url()}`)
    })
  })
  afterAll(() => site.close())

  test.each(pages())(
    '%s: no complaint, no failed request, nothing from elsewhere; at every width, light and dark, nothing hidden',
    async path => {
      await page.goto(site.url + (path === '/404' ? '/404.html' : path))
      await page.waitForFunction(() => '__vue_app__' in document.querySelector('#app')!)
      const found = await page.evaluate(() => ({
        ids: [...document.querySelectorAll('[id]')].map(({ id }) => id),
        hrefs: [...document.querySelectorAll<HTMLAnchorElement>('a[href]')].map(({ href }) => href),
        description: document.querySelector<HTMLMetaElement>('meta[name=description]')?.content ?? '',
        height: document.documentElement.scrollHeight
      }))
      const wrong: string[] = []
      // What slides out of the way is there at once.
      await page.addStyleTag({ content: '*, ::before, ::after { transition: none !important }' })
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        for (const width of widths) {
          await page.setViewportSize({ width, height: 900 })
          for (const what of await page.evaluate(hidden)) wrong.push(`${width} px, ${colorScheme}: ${what}`)
        }
      }
      await page.emulateMedia({ colorScheme: 'light' })
      await page.setViewportSize({ width: 1280, height: 900 })
      anchors.set(path, new Set(found.ids))
      for (const href of found.hrefs)
        if (href.startsWith(site.url)) links.set(decodeURI(href.slice(site.url.length)), path)
      expect([...site.complaints.splice(0), ...failed.splice(0)]).toEqual([])
      expect(wrong).toEqual([])
      if (path !== '/404') expect(found.description.length).toBeGreaterThan(20)
      descriptions.set(path, found.description)
      // Pages of the API once were a hundred screens high.
      expect(found.height).toBeLessThan(path.startsWith('/api/') ? 22_000 : 12_000)
    }
  )

  test('no two pages are described alike', () => {
    const twice = [...descriptions].filter(([path, words]) =>
      [...descriptions].some(([other, same]) => other < path && same === words)
    )
    expect(twice).toEqual([])
  })

  test('no link is broken, anchors included', () => {
    const broken = [...links].filter(([link]) => {
      const [address = '', anchor] = link.split('#')
      const ids = anchors.get(address) ?? anchors.get(address.replace(/\.html$/, ''))
      return ids === undefined || (anchor !== undefined && anchor !== '' && !anchor.includes('=') && !ids.has(anchor))
    })
    expect(broken.map(([link, from]) => `${link} on ${from}`)).toEqual([])
  })
})

describe.each([
  ['light', false],
  ['dark', true]
] as const)('in the %s', (_, dark) => {
  let site: OpenSite
  beforeAll(async () => {
    site = await openSite({ dark })
  })
  afterAll(() => site.close())

  test.each(kinds())('%s: axe finds nothing serious', async path => {
    const page = await site.context.newPage()
    await page.goto(site.url + (path === '/404' ? '/404.html' : path))
    await page.waitForFunction(() => '__vue_app__' in document.querySelector('#app')!)
    await page.waitForTimeout(300)
    await page.evaluate(axe)
    // What is not a matter of colors was looked at in the light.
    const rules = dark ? { runOnly: ['color-contrast'] } : {}
    const { violations } = await page.evaluate(
      given =>
        (globalThis as unknown as { axe: { run(of: Document, rules: object): Promise<AxeResults> } }).axe.run(
          document,
          given
        ),
      rules
    )
    await page.close()
    expect(
      violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(
          ({ id, nodes }) =>
            `${id}: ${nodes
              .slice(0, 3)
              .map(({ html }) => html.slice(0, 200))
              .join(' | ')}`
        )
    ).toEqual([])
  })
})

describe('without a mouse', () => {
  let site: OpenSite
  beforeAll(async () => {
    site = await openSite()
  })
  afterAll(() => site.close())

  // Pages of the guide are alike in what lies around their text.
  const unlike = kinds().filter(page => !page.startsWith('/guide/') || page === '/guide/install')
  test.each(unlike)('%s: Tab reaches the navigation, the search and the page', async path => {
    const page = await site.context.newPage()
    await page.goto(site.url + (path === '/404' ? '/404.html' : path))
    await page.waitForFunction(() => '__vue_app__' in document.querySelector('#app')!)
    const reached = new Set<string>()
    for (let i = 0; i < 120 && !(reached.has('content') && reached.has('nav') && reached.has('search')); i++) {
      await page.keyboard.press('Tab')
      reached.add(
        await page.evaluate(() => {
          const focused = document.activeElement
          return focused?.closest('#local-search, .VPNavBarSearch')
            ? 'search'
            : focused?.closest('header.VPNav')
              ? 'nav'
              : focused?.closest('#VPContent')
                ? 'content'
                : 'other'
        })
      )
    }
    await page.close()
    expect([...reached]).toEqual(expect.arrayContaining(['search', 'nav', 'content']))
  })

  test('the search finds a word with nothing but the site; its index is fetched when it opens', async () => {
    const page = await site.context.newPage()
    const fetched: string[] = []
    page.on('request', request => fetched.push(request.url()))
    await page.goto(site.url)
    await page.waitForFunction(() => '__vue_app__' in document.querySelector('#app')!)
    await page.waitForTimeout(500)
    expect(fetched.filter(url => url.includes('localSearchIndex'))).toEqual([])
    await page.locator('#local-search button').focus()
    await page.keyboard.press('Enter')
    await page.locator('.VPLocalSearchBox input').waitFor()
    await page.keyboard.type('ownership')
    await page.getByRole('option').first().waitFor()
    expect(await page.getByRole('option').first().innerText()).toContain('ownership')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/guide/memory**')
    await page.close()
  })

  test.each(['predict', 'inference', 'features', 'embedding'])(
    'the search finds what to do with a run by "%s"',
    async word => {
      const page = await site.context.newPage()
      await page.goto(site.url)
      await page.waitForFunction(() => '__vue_app__' in document.querySelector('#app')!)
      await page.locator('#local-search button').focus()
      await page.keyboard.press('Enter')
      await page.locator('.VPLocalSearchBox input').waitFor()
      await page.keyboard.type(word)
      await page.locator('.VPLocalSearchBox a[href*="use-what-you-trained"]').first().waitFor()
      await page.close()
    }
  )
})
