import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { packages, root } from './docs/packages.ts'
import { openSite } from './testing/open-site.ts'

const folder = mkdtempSync(join(tmpdir(), 'lapstrake-stranger-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What a stranger writes: a loss of their own, under LoCo. The same text in the page and in Node. */
const recipe = `
import * as tf from '@tensorflow/tfjs-core'
import { adamW, convNet, overlapping, projector, shapes, simclr, twoViews } from 'lapstrake'

const alignment = () => ([a, b]) => tf.mean(tf.squaredDifference(a, b))

export default {
  name: 'mine', data: shapes({ limit: 64 }), batchSize: 16, epochs: 1,
  views: twoViews(simclr({ size: 28, preset: 'cifar' })),
  backbone: convNet({ widths: [4, 8, 8], strides: [2, 2, 2], layers: 1 }), isolation: overlapping(),
  head: () => projector({ dims: [16, 8] }), loss: alignment, optimizer: adamW({ learningRate: 2e-3 })
}
`

test("a loss of one's own trains in the page", async () => {
  const site = await openSite()
  const page = await site.context.newPage()
  await page.goto(site.url)
  await page.getByRole('navigation').getByRole('link', { name: 'Recipes' }).first().click()
  await page.locator('a[href*="/recipes/04-your-own-loss"]').first().click()
  await page.waitForURL('**/recipes/04-your-own-loss')
  const editor = page.locator('main, #VPContent').last().getByRole('textbox').first()
  await editor.click()
  await page.keyboard.press('Control+A')
  await page.keyboard.insertText(recipe)
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.getByText('unit1').first().waitFor({ timeout: 60_000 })
  expect(await page.locator('#VPContent').innerText()).toMatch(/unit0\D+\d\.\d{3}/)
  expect(site.complaints).toEqual([])
  await site.close()
})

test('and in Node, with the packages as npm would publish them', () => {
  const npm = (cwd: string, ...args: string[]): string =>
    execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  execFileSync(
    join(root, 'node_modules/.bin/turbo'),
    ['run', 'build', '--filter=lapstrake...', '--filter=@lapstrake/cli...'],
    { cwd: root, stdio: 'pipe' }
  )
  const needed = packages.filter(({ name }) => name !== '@lapstrake/testing')
  npm(root, 'pack', '--pack-destination', folder, ...needed.flatMap(({ name }) => ['--workspace', name]))
  const archives = readdirSync(folder)
    .filter(file => file.endsWith('.tgz'))
    .map(file => `./${file}`)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'stranger', private: true, type: 'module' }))
  npm(
    folder,
    'install',
    '--prefer-offline',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '@tensorflow/tfjs-core@4.22.0',
    ...archives
  )
  writeFileSync(join(folder, 'recipe.js'), recipe)
  writeFileSync(
    join(folder, 'train.js'),
    `
    import { dispose, train, useBackend } from 'lapstrake'
    import recipe from './recipe.js'
    await useBackend('wasm')
    const { state } = await train({ ...recipe, epochs: 3 }, {
      onStep: ({ losses }) => console.log(JSON.stringify(losses))
    })
    dispose(state)`
  )
  const steps = execFileSync(process.execPath, ['train.js'], { cwd: folder, encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as { unit0: number; unit1: number })
  expect(steps.length).toBe(12)
  const total = ({ unit0, unit1 }: { unit0: number; unit1: number }): number => unit0 + unit1
  expect(total(steps.at(-1)!)).toBeLessThan(total(steps[0]!))

  // What `npm init` writes today.
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'stranger', type: 'commonjs' }))
  const { stdout, stderr } = spawnSync('npx', ['lapstrake', 'plan', 'recipe.js'], { cwd: folder, encoding: 'utf8' })
  expect(stdout).toContain('overlapping')
  expect(stderr).toBe('')
})
