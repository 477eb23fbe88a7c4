// Draws public/social.png, what a shared link shows: node scripts/run-source.mjs apps/site/make-social-image.mjs
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { depth, lanes } from './src/race/lanes.ts'

const [width, height] = [1200, 630]
const [left, top, unit, plank] = [96, 300, 38, 22]
const tones = ['#2563eb', '#0d7d74', '#b45309', '#be123c', '#7c3aed', '#475569']
const serif = "'Iowan Old Style', Palatino, 'URW Palladio L', Georgia, 'Liberation Serif', serif"
const quiet = '#47556a'
const keel = top + 6 * (plank + 6)
const gap = (width - 2 * left - 3 * depth * unit) / 2

/** One lane: its planks above a keel, and its name. */
const hull = ({ name, isolation }, place) => {
  const x = left + place * (depth * unit + gap)
  const planks = isolation(depth).map(
    ({ start, end }, i) =>
      `<rect x="${x + start * unit + 2}" y="${top + (5 - i) * (plank + 6)}" width="${(end - start) * unit - 4}" ` +
      `height="${plank}" rx="5" fill="${tones[i % tones.length]}"/>`
  )
  return (
    `${planks.join('')}<rect x="${x}" y="${keel}" width="${depth * unit}" height="3" fill="${quiet}"/>` +
    `<text x="${x}" y="${keel + 44}" font-family="sans-serif" font-size="26" fill="${quiet}">${name}</text>`
  )
}
const shown = [0, 1, 3].map(lane => lanes[lane])

const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
  <rect width="100%" height="100%" fill="#fdfcf8"/>
  <text x="${left}" y="150" font-family="${serif}" font-weight="600" font-size="92" fill="#14233a">lapstrake</text>
  <text x="${left}" y="214" font-family="${serif}" font-size="34" fill="${quiet}">
    Networks built plank by plank, in Node and in the browser
  </text>
  ${shown.map(hull).join('\n  ')}
</svg>`

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
const page = await browser.newPage({ viewport: { width, height } })
await page.setContent(`<style>body { margin: 0 } svg { display: block }</style>${svg}`)
const path = fileURLToPath(new URL('public/social.png', import.meta.url))
await page.screenshot({ path })
await browser.close()
console.log(path)
