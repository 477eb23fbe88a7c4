import type { Sources } from './evaluate.ts'

const files = import.meta.glob<string>('../../../../docs/recipes/[0-9][0-9]-*.ts', {
  query: '?raw',
  import: 'default',
  eager: true
})

/** Every recipe by its file's name, as it is in the repository. */
export const recipes: Sources = Object.fromEntries(
  Object.entries(files)
    .map(([path, source]) => [path.split('/').at(-1)!, source] as const)
    .filter(([name]) => !name.endsWith('.test.ts'))
)
