import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { command, environment, root, tinyRecipe } from '../testing/lapstrake.ts'

let folder: string
let server: Server
/** Resolves when somebody asks for the data, of which only the beginning ever comes; and when they hang up. */
let asked: Promise<void>
let left: Promise<void>
beforeAll(async () => {
  folder = await mkdtemp(join(root, 'node_modules/.lapstrake-opening-'))
  asked = new Promise(begun => {
    left = new Promise(gone => {
      server = createServer((request, response) => {
        response.write('x'.repeat(1000))
        request.socket.on('close', () => gone())
        begun()
      })
    })
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
})
afterAll(async () => {
  server.close()
  await rm(folder, { recursive: true })
})

test('Ctrl-C ends a run whose data are being fetched at once, and leaves nothing', { timeout: 120_000 }, async () => {
  const recipe = join(folder, 'far.ts')
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  writeFileSync(
    recipe,
    tinyRecipe(`data: dataOf({
      name: 'far away',
      train: async ({ signal }) => {
        await (await fetch('${address}', { signal })).text()
        return shapes({ limit: 64 }).open('train')
      }
    })`).replace('import { convNet', 'import { dataOf, convNet')
  )
  const out = join(folder, 'out')
  const child = spawn(...command('train', recipe, '--backend', 'wasm', '--threads', '1', '--out', out), {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe']
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += String(chunk)))
  const ended = new Promise(resolve => child.on('close', resolve))
  await Promise.race([asked, ended])
  child.kill('SIGINT')
  expect(await ended, said).toBe(130)
  await left
  expect(said).toContain('Ending before the first step.')
  expect(said).not.toContain('    at ')
  expect(existsSync(out)).toBe(false)
})
