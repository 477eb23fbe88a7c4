import { expect, test } from 'vitest'
import { apiIndex } from './api-index.ts'
import { folded, namesOf } from './folded.ts'
import { libraries } from './packages.ts'

const page = `# core

## Interfaces

### Span

Stages that learn together.

#### Properties

| Property |
| ------ |
| \`end\` |

***

### Empty

## Functions

### greedy()

\`\`\`ts
function greedy<T>(
   depth, 
   options?
): Isolation;
\`\`\`

Every stage alone.

More words.

#### Returns

\`Isolation\`
`

test('of every name its words are shown, and what belongs to it is folded below its signature', () => {
  expect(folded(page)).toBe(`# core

## Interfaces

### Span

Stages that learn together.

<details>
<summary>Its fields</summary>

#### Properties

| Property |
| ------ |
| \`end\` |

</details>

### Empty

## Functions

### greedy()

Every stage alone.

<details>
<summary><code v-pre>greedy&lt;T&gt;(depth, options?): Isolation</code></summary>

\`\`\`ts
function greedy<T>(
   depth, 
   options?
): Isolation;
\`\`\`

More words.

#### Returns

\`Isolation\`

</details>

`)
})

test('what is only passed on becomes links', () => {
  const facade =
    '# lapstrake\n\n## References\n\n### ab\n\nRe-exports [ab](loss.md#ab)\n\n***\n\n### b\n\nRe-exports [b](b.md#b)\n'
  expect(folded(facade)).toContain('[ab](loss.md#ab) · [b](b.md#b)')
  expect(folded(facade)).not.toContain('###')
})

test('the index leads to every function of every package', () => {
  const index = apiIndex(libraries, name => (name === 'core' ? namesOf(page) : []))
  for (const { page, name } of libraries) expect(index).toContain(`[${name}](./${page}.md)`)
  expect(index).toContain('[`greedy`](./core.md#greedy)')
  expect(index).not.toContain('#span)')
  expect(() => apiIndex([{ name: '@lapstrake/new', page: 'new', folder: '', description: '' }], () => [])).toThrow(
    'a want that leads to @lapstrake/new'
  )
})
