import { readFileSync } from 'node:fs'
import { openSite } from './apps/site/src/testing/open-site.ts'
import { kinds, pages } from './apps/site/src/testing/pages.ts'
const t0 = Date.now()
const dist = './apps/site/dist'
// static links
const ids = new Map<string, Set<string>>(), links = new Map<string, string>()
for (const p of pages()) {
  const html = readFileSync(dist + (p.endsWith('/') ? p + 'index.html' : p + '.html'), 'utf8')
  ids.set(p, new Set([...html.matchAll(/ id="([^"]+)"/g)].map(m => m[1]!)))
  for (const m of html.matchAll(/<a [^>]*href="([^"]+)"/g)) { const h = m[1]!; if (/^(https?:|mailto)/.test(h)) continue; const u = new URL(h, 'http://x' + p); links.set(decodeURI(u.pathname + u.hash), p) }
}
for (const [l, from] of links) { const [a, h] = l.split('#'); const s = ids.get(a!); if (!s || (h && !s.has(h))) console.log('BROKEN', l, 'on', from) }
console.log(pages().length, 'pages', kinds().length, 'kinds', links.size, 'links')
const axe = readFileSync('node_modules/axe-core/axe.min.js', 'utf8')
const site = await openSite({ width: 1280 })
for (const path of kinds().filter(k => !k.startsWith('/recipes'))) {
  const page = await site.context.newPage()
  page.on('requestfailed', r => console.log('FAILED', r.url()))
  page.on('response', r => { if (r.status() >= 400 && path !== '/404') console.log(r.status(), r.url()) })
  await page.goto(site.url + (path === '/404' ? '/404.html' : path), { waitUntil: 'load' })
  await page.waitForTimeout(200)
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() => (globalThis as any).axe.run())
  for (const v of violations) if (['serious', 'critical'].includes(v.impact)) console.log('AXE', path, v.id, v.nodes.length, v.nodes[0].html.slice(0, 160))
  await page.setViewportSize({ width: 360, height: 740 })
  const wide = await page.evaluate(() => [document.documentElement.scrollWidth - innerWidth, ...[...document.querySelectorAll('#VPContent *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('pre, table, [class*=language-]')).slice(0, 2).map(e => e.outerHTML.slice(0, 100))])
  if ((wide[0] as number) > 0) console.log('WIDE', path, wide)
  if (['/guide/what-local-learning-is', '/benchmarks', '/papers', '/guide/from-pytorch'].includes(path)) { await page.screenshot({ path: `/tmp/shot-${path.split('/').at(-1)}-360.png` }); await page.setViewportSize({ width: 1440, height: 1000 }); await page.screenshot({ path: `/tmp/shot-${path.split('/').at(-1)}.png` }) }
  console.log(path, Date.now() - t0)
  await page.close()
}
console.log(site.complaints)
await site.close()
