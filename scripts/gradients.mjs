// Holds the engine's step to plain automatic differentiation on random recipes: npm run gradients -- --cases 20000
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '20000' },
    from: { type: 'string', default: '0' },
    help: { type: 'boolean' }
  }
})
if (values.help) {
  console.log(`npm run gradients -- [--cases N] [--from N]
Draws N recipes – stages, widths, spans, merges, schedules, losses, parts of a batch – from the seed N on, and compares
a step of each with every unit differentiated by itself. A case that differs is named by its seed.`)
  process.exit(0)
}
for (const [name, value] of Object.entries(values)) {
  if (!/^\d+$/.test(value)) {
    console.error(`gradients: expected a whole number behind --${name}, got ${value}. Try --${name} 100.`)
    process.exit(2)
  }
}

const root = new URL('..', import.meta.url).pathname
const { status } = spawnSync(
  join(root, 'node_modules/.bin/vitest'),
  ['run', 'packages/testing/src/random-recipe.test.ts'],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, LAPSTRAKE_GRADIENTS: values.cases, LAPSTRAKE_GRADIENTS_FROM: values.from }
  }
)
process.exit(status ?? 1)
