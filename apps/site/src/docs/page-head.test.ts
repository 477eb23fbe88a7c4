import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { headOf } from './page-head.ts'
import { settingsOf } from './settings.ts'

/** In a process of its own: VitePress does not start within vitest. */
const descriptionsOf = (sources: readonly string[]): readonly (string | null)[] => {
  const program = [
    "const vitepress = await import('vitepress')",
    `const { described } = await import('${new URL('page-head.ts', import.meta.url).href}')`,
    "const markdown = await vitepress.createMarkdownRenderer('.', { config: described })",
    'const all = JSON.parse(process.env.SOURCES).map(async source => {',
    "  const env = { frontmatter: {}, path: '', relativePath: 'page.md', cleanUrls: true }",
    '  await markdown.render(source, env)',
    '  return env.frontmatter.description ?? null',
    '})',
    'console.log(JSON.stringify(await Promise.all(all)))'
  ].join('\n')
  const said = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    env: { ...process.env, SOURCES: JSON.stringify(sources) }
  })
  return JSON.parse(said) as (string | null)[]
}

test("a page's description is its first paragraph, as plain text", () => {
  const long = `# Long\n\n${'many words '.repeat(40)}`
  const [plain, cut, nothing, own] = descriptionsOf([
    '# Memory\n\n- no\n\nNeither `tf` & nor\n["it"](./a.md) frees. <b>Yes</b>',
    long,
    '# Nothing',
    '---\ndescription: Its own\n---\n# Memory\n\nNeither.'
  ])
  expect(plain).toBe('Neither tf & nor "it" frees. Yes')
  expect(cut).toMatch(/^(many words ?)+ …$/)
  expect(cut!.length).toBeLessThan(205)
  expect([nothing, own]).toEqual([null, 'Its own'])
})

test('a shared link has a picture, under its full address where that is known', () => {
  const head = (environment: Record<string, string>): string =>
    JSON.stringify(
      headOf({ title: 'Memory', description: 'Neither "it".', page: 'guide/memory.md' }, settingsOf(environment))
    )
  expect(head({})).toContain('["meta",{"property":"og:image","content":"/social.png"}]')
  expect(head({})).not.toContain('og:url')
  const there = head({ LAPSTRAKE_ADDRESS: 'https://example.org/', LAPSTRAKE_BASE: '/planks/' })
  expect(there).toContain('https://example.org/planks/social.png')
  expect(there).toContain('"og:url","content":"https://example.org/planks/guide/memory"')
  expect(there).toContain('{"name":"description","content":"Neither \\"it\\"."}')
})

test('settings that cannot be are refused', () => {
  expect(() => settingsOf({ LAPSTRAKE_BASE: 'planks' })).toThrow('LAPSTRAKE_BASE to begin and end with a slash')
  expect(() => settingsOf({ LAPSTRAKE_ADDRESS: 'example.org' })).toThrow('LAPSTRAKE_ADDRESS to be an address')
  expect(() => settingsOf({ LAPSTRAKE_REPOSITORY: 'mine' })).toThrow('LAPSTRAKE_REPOSITORY to be an address')
  expect(() => settingsOf({ LAPSTRAKE_THREADS: 'no' })).toThrow('LAPSTRAKE_THREADS to be worker or headers')
  expect(settingsOf({ LAPSTRAKE_REPOSITORY: 'https://example.org/it', LAPSTRAKE_THREADS: 'headers' })).toEqual({
    base: '/',
    address: undefined,
    repository: 'https://example.org/it',
    threadsByWorker: false
  })
})
