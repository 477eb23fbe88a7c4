// What a visitor waits for on the front page, and what is loaded before a button is pressed: npm run --silent
// bench:site -- --json
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { writeFileAtomic } from 'lapstrake/node'
import buildSite from '../../site/src/testing/build-site.ts'
import { openSite } from '../../site/src/testing/open-site.ts'
import { wholeNumber } from './command-line.ts'
import { median, rounded } from './measuring.ts'

interface Load {
  /** From the start of navigation until the page answers to its buttons. */
  readonly interactiveMs: number
  /** From the press of Race until each of the four curves has a point. */
  readonly firstLossMs: number
  /** From that press until the race is over. */
  readonly raceMs: number
  /** Script loaded before that press, each file gzipped. */
  readonly scriptKb: number
  readonly requests: number
}

interface Row extends Load {
  /** Whether pages may have threads. */
  readonly threads: boolean
}

process.on('uncaughtException', error => {
  console.error(`${error.name}: ${error.message}`)
  process.exit(1)
})

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    repeats: { type: 'string', default: '5' },
    out: { type: 'string' },
    help: { type: 'boolean', default: false }
  }
})
if (values.help) {
  console.log(`npm run --silent bench:site -- [--json] [--repeats 5] [--out FILE]
Loads the front page of the built site (building it where it is not built) in Debian's Chromium, each time with an empty
cache, with and without the headers that allow threads. interactiveMs: from navigation until the page answers to its
buttons. firstLossMs: from the press of Race until all four curves are drawn; raceMs:
until the race is over. scriptKb: script loaded before that
press, in thousands of bytes, gzipped; requests: files of any kind until then. Medians of --repeats loads.
The aims, on two cores: 2000 ms, 10000 ms, 100000 ms, 300 kB. --out writes the JSON to a file as well.`)
  process.exit(0)
}
const repeats = wholeNumber(values.repeats)

buildSite()
const rows: Row[] = []
let chromium = ''
for (const threads of [true, false]) {
  const site = await openSite({ isolated: threads })
  chromium = site.browser.version()
  const loads: Load[] = []
  for (let repeat = 0; repeat < repeats; repeat++) {
    console.error(`${threads ? 'with' : 'without'} threads, load ${repeat + 1} of ${repeats}`)
    loads.push(await load(site))
  }
  await site.close()
  const middle = (key: keyof Load): number => rounded(median(loads.map(one => one[key])))
  rows.push({
    threads,
    interactiveMs: middle('interactiveMs'),
    firstLossMs: middle('firstLossMs'),
    raceMs: middle('raceMs'),
    scriptKb: middle('scriptKb'),
    requests: middle('requests')
  })
}

const results = { machine: `${cpus().length} × ${cpus()[0]!.model}, Chromium ${chromium}`, rows }
if (values.out !== undefined) await writeFileAtomic(values.out, `${JSON.stringify(results, null, 2)}\n`)
if (values.json) console.log(JSON.stringify(results))
else console.table(rows)
process.exit(0)

async function load({ browser, url }: Awaited<ReturnType<typeof openSite>>): Promise<Load> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  const page = await context.newPage()
  const scripts: Promise<number>[] = []
  let requests = 0
  page.on('response', response => {
    requests++
    if (/javascript/.test(response.headers()['content-type'] ?? ''))
      scripts.push(response.body().then(body => gzipSync(body).length))
  })
  // Vue leaves its application at its root once every component listens.
  await page.addInitScript(() => {
    const watch = setInterval(() => {
      if (!('__vue_app__' in (document.querySelector('#app') ?? {}))) return
      clearInterval(watch)
      performance.mark('interactive')
    }, 5)
  })
  await page.goto(url, { waitUntil: 'networkidle' })
  await page.waitForFunction(() => performance.getEntriesByName('interactive').length > 0)
  const interactiveMs = await page.evaluate(() => performance.getEntriesByName('interactive')[0]!.startTime)
  const scriptKb = (await Promise.all(scripts)).reduce((sum, bytes) => sum + bytes, 0) / 1000
  const before = requests
  const began = await page.evaluate(() => {
    document.querySelector<HTMLButtonElement>('.race button')!.click()
    return performance.now()
  })
  const drawn = await page.waitForFunction(
    () =>
      [...document.querySelectorAll('.race polyline.mean')].filter(curve => curve.getAttribute('points')).length ===
        4 && performance.now(),
    undefined,
    { timeout: 120_000 }
  )
  const firstLossMs = Number(await drawn.jsonValue()) - began
  const over = await page.waitForFunction(
    () => document.querySelector('.race .summary')!.textContent!.includes('On your machine') && performance.now(),
    undefined,
    { timeout: 600_000 }
  )
  const raceMs = Number(await over.jsonValue()) - began
  await context.close()
  return { interactiveMs, firstLossMs, raceMs, scriptKb, requests: before }
}
