import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
// Beneath node_modules, so that the examples find the packages by name.
const folder = join(root, 'node_modules/.lapstrake-readmes')
mkdirSync(folder, { recursive: true })
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const readmes = ['packages', 'packages/backbones', 'packages/backends', 'packages/losses']
  .flatMap(folder => readdirSync(join(root, folder)).map(name => `${folder}/${name}/README.md`))
  .filter(readme => existsSync(join(root, readme)))
const examples = readmes.flatMap(readme => {
  const [, code] = /## Example[^#]*?```ts\n(.*?)```/s.exec(readFileSync(join(root, readme), 'utf8')) ?? []
  // The suites of testing run inside vitest only, and do so in every package.
  return code === undefined || readme.includes('packages/testing') ? [] : [[readme, code] as const]
})

test.each(examples)('the example of %s runs as it stands', (readme, code) => {
  const file = join(folder, `${readme.replaceAll(/\W/g, '-')}.mts`)
  writeFileSync(file, code)
  const { status, stderr } = spawnSync(process.execPath, ['--conditions=@lapstrake/source', '--import', 'tsx', file], {
    cwd: root,
    encoding: 'utf8'
  })
  expect(status, stderr).toBe(0)
})
