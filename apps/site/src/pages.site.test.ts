import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSite, type OpenSite } from './testing/open-site.ts'
import { kinds, pages } from './testing/pages.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

describe('every page', () => {
  let site: OpenSite
  let page: Page
  const failed: string[] = []
  const links = new Map<string, string>()
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
    '%s: no complaint, no failed request, nothing from another origin, no scrolling sideways on a phone',
    async path => {
      await page.goto(site.url + (path === '/404' ? '/404.html' : path))
      await page.waitForFunction(() => '__vue_app__' in document.querySelector('#app')!)
      const found = await page.evaluate(() => ({
        ids: [...document.querySelectorAll('[id]')].map(({ id }) => id),
        hrefs: [...document.querySelectorAll<HTMLAnchorElement>('a[href]')].map(({ href }) => href)
      }))
      await page.setViewportSize({ width: 360, height: 740 })
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      await page.setViewportSize({ width: 1280, height: 900 })
      anchors.set(path, new Set(found.ids))
      for (const href of found.hrefs)
        if (href.startsWith(site.url)) links.set(decodeURI(href.slice(site.url.length)), path)
      expect([...site.complaints.splice(0), ...failed.splice(0)]).toEqual([])
      expect(wider).toBeLessThanOrEqual(0)
    }
  )

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
    const { violations } = await page.evaluate(() =>
      (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run()
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

  test.each(kinds())('%s: Tab reaches the navigation, the search and the page', async path => {
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
})
