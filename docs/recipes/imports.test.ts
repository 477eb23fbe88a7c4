import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const recipes = readdirSync(import.meta.dirname).filter(file => /^\d\d-.*\.ts$/.test(file))

/** What a process opens that loads a module, beside code. */
function openedBy(module: string): readonly string[] {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@lapstrake/source', '--import', 'tsx', '--import', './docs/recipes/testing/watched.mjs', module],
    { cwd: root, encoding: 'utf8', env: { ...process.env, TSX_DISABLE_CACHE: '1' } }
  )
  expect(status, stderr).toBe(0)
  return stdout.split('\n').filter(line => line.startsWith('opened: '))
}

test.each(recipes)('importing %s opens no file and no connection', recipe => {
  expect(openedBy(join(import.meta.dirname, recipe))).toEqual([])
})

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(root, 'node_modules/.lapstrake-imports-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

test.each([
  ['opens its data', `await shapes().open('train'); await mnist().open('test').catch(() => {})`, /mnist|MNIST/],
  ['lists a folder', `await imageFolder('docs', { size: 8 }).open('train').catch(() => {})`, /opened: (open|readdir) /],
  [
    'reads a file',
    `await import('node:fs').then(({ readFileSync }) => readFileSync('LICENSE'))`,
    /readFileSync .*LICENSE/
  ],
  ['asks a server', `await fetch('http://127.0.0.1:1/').catch(() => {})`, /fetch http:/]
])('a recipe that %s on being imported is found out', (name, body, told) => {
  const file = join(folder, `${name.replaceAll(' ', '-')}.mts`)
  writeFileSync(
    file,
    `import { imageFolder, mnist, shapes } from 'lapstrake'\nvoid [imageFolder, mnist, shapes]\n${body}\n`
  )
  expect(openedBy(file).join('\n')).toMatch(told)
})
