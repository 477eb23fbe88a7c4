// Begins a loss package: npm run new:loss -- my-loss
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const usage =
  'npm run new:loss -- my-loss\nMakes packages/losses/my-loss with a loss, its test, a README and a changeset, ' +
  'ready for npm test.'
const [name, ...rest] = process.argv.slice(2)
if (name === '--help') {
  console.log(usage)
  process.exit(0)
}
if (name === undefined || rest.length > 0 || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
  console.error(
    'new:loss: expected one name in small letters with dashes, such as my-loss, ' +
      `got ${[name, ...rest].join(' ') || 'none'}.\n\n${usage}`
  )
  process.exit(1)
}
const root = new URL('..', import.meta.url).pathname
const folder = `packages/losses/${name}`
if (existsSync(join(root, folder))) {
  console.error(`new:loss: expected a new name, but ${folder} exists already. Choose another, or remove it.`)
  process.exit(1)
}
const camel = name.replaceAll(/-(.)/g, (_, letter) => letter.toUpperCase())
const Pascal = camel[0].toUpperCase() + camel.slice(1)
const npmName = `@lapstrake/loss-${name}`

const packageJson = {
  name: npmName,
  version: '0.0.0',
  description: `${Pascal}, a local loss`,
  license: 'MIT',
  type: 'module',
  sideEffects: false,
  exports: { '.': { '@lapstrake/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' } },
  files: ['dist'],
  engines: { node: '>=20.19' },
  scripts: { build: 'tsdown --config ../../../tsdown.config.ts' },
  dependencies: { '@lapstrake/core': '0.0.0', '@lapstrake/embeddings': '0.0.0' },
  peerDependencies: { '@tensorflow/tfjs-core': '4.22.0' },
  devDependencies: { '@lapstrake/testing': '0.0.0' }
}

const files = {
  [`${folder}/package.json`]: `${JSON.stringify(packageJson, null, 2)}\n`,
  [`${folder}/src/index.ts`]: `export { ${camel}, type ${Pascal}Options } from './${name}.ts'\n`,
  [`${folder}/src/${name}.ts`]: `import { checkOptions, pairOf, type Loss } from '@lapstrake/core'
import { checkPositive, checkViews, normaliseRows } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'

export interface ${Pascal}Options {
  /** Multiplies the loss. */
  readonly weight?: number
}

/**
 * Pulls the two views of an example together: the mean squared distance of their unit rows.
 *
 * Takes two views \`[batch, dim]\` of any length. Returns a number from 0 to \`4 · weight\`; alone it is lowest when
 * all embeddings are equal, so give it something that spreads them. This is where your loss begins: say here what it is
 * and cite its equation.
 *
 * @throws RangeError if \`weight\` is not above 0
 * @throws Error unless there are two views of one shape
 */
export function ${camel}(options: ${Pascal}Options = {}): Loss {
  checkOptions('${camel}', options, { weight: 'number' })
  const { weight = 1 } = options
  checkPositive('${camel}', 'weight', weight, 'Try 1.')
  return embeddings => {
    checkViews('${camel}', embeddings)
    const [first, second] = pairOf('${camel}', embeddings).map(normaliseRows) as [tf.Tensor2D, tf.Tensor2D]
    return tf.mul(tf.mean(tf.sum(tf.squaredDifference(first, second), 1)), weight) as tf.Scalar
  }
}
`,
  [`${folder}/src/${name}.test.ts`]: `import { seeded, type Views } from '@lapstrake/core'
import { describeLoss, read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { ${camel} } from './index.ts'

describeLoss('${camel}', ${camel}())

const value = (...embeddings: readonly tf.Tensor2D[]): number => {
  const views = embeddings as unknown as Views<tf.Tensor2D>
  return read(${camel}()(views, { views }))[0]!
}

test('equal views cost nothing, opposite ones four', () => {
  const rows = seeded(1).normal([4, 3]) as tf.Tensor2D
  expect(value(rows, rows)).toBeCloseTo(0, 6)
  expect(value(rows, tf.neg(rows))).toBeCloseTo(4, 5)
})

test('a weight that is not above 0 and a single view are refused', () => {
  expect(() => ${camel}({ weight: 0 })).toThrow('${camel}: expected a weight above 0, got 0. Try 1.')
  expect(() => value(tf.ones([2, 3]))).toThrow('${camel}: expected two or more views of each example, got 1.')
})
`,
  [`${folder}/README.md`]: `# ${npmName}

Pulls the two views of an example together.

## When to use it

Beside a loss that spreads the embeddings.

## Install

\`\`\`sh
npm install ${npmName} @lapstrake/core @tensorflow/tfjs-core @tensorflow/tfjs-backend-cpu
\`\`\`

## Example

\`\`\`ts
import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { ${camel} } from '${npmName}'

const loss = ${camel}()
const views = [tf.tensor2d([[1, 0], [0, 1]]), tf.tensor2d([[0, 1], [0, 3]])] as const
tf.print(loss(views, { views })) // 1: one pair is at a right angle, the other agrees
\`\`\`

In a recipe: \`loss: () => ${camel}()\`.

## Exports

| name | what it is | paper |
|---|---|---|
| \`${camel}({ weight = 1 })\` | mean squared distance of the unit rows of two views | – |
`,
  [`.changeset/loss-${name}.md`]: `---\n'${npmName}': minor\n---\n\nAdd \`${camel}\`.\n`
}
for (const [path, text] of Object.entries(files)) {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

// The lockfile knows every workspace; two entries are all that npm would add, and nothing is asked of the network.
const lockPath = join(root, 'package-lock.json')
const lock = JSON.parse(readFileSync(lockPath, 'utf8'))
const { version, license, dependencies, devDependencies, engines, peerDependencies } = packageJson
lock.packages[`node_modules/${npmName}`] = { resolved: folder, link: true }
lock.packages[folder] = { name: npmName, version, license, dependencies, devDependencies, engines, peerDependencies }
const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
writeFileSync(lockPath, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`)
const link = join(root, 'node_modules', npmName)
if (!existsSync(link)) symlinkSync(join('../..', folder), link, 'dir')

console.log(
  `Made ${Object.keys(files).join(', ')}.\nNext: npx vitest run ${folder}, ` +
    `then write your loss in ${folder}/src/${name}.ts.`
)
