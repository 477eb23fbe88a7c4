// Begins a loss package here: npm run new:loss -- my-loss
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { camel, filled } from '../packages/create-lapstrake/src/templates.ts'

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
  process.exit(2)
}
const root = new URL('..', import.meta.url).pathname
const folder = `packages/losses/${name}`
if (existsSync(join(root, folder))) {
  console.error(`new:loss: expected a new name, but ${folder} exists already. Choose another, or remove it.`)
  process.exit(1)
}
const npmName = `@lapstrake/loss-${name}`

const packageJson = {
  name: npmName,
  version: '0.0.0',
  description: `${camel(`-${name}`)}, a local loss`,
  license: 'MIT',
  type: 'module',
  sideEffects: false,
  exports: {
    '.': {
      '@lapstrake/source': './src/index.ts',
      require: { types: './dist/index.d.cts', default: './dist/index.cjs' },
      types: './dist/index.d.ts',
      default: './dist/index.js'
    }
  },
  files: ['dist'],
  engines: { node: '>=20.19' },
  scripts: { build: 'tsdown --config ../../../tsdown.config.ts' },
  dependencies: { '@lapstrake/core': '0.0.0', '@lapstrake/embeddings': '0.0.0' },
  peerDependencies: { '@tensorflow/tfjs-core': '4.22.0' },
  devDependencies: { '@lapstrake/testing': '0.0.0' }
}

const { 'README.md': readme, ...sources } = filled('loss', 'my-loss', name)
const files = {
  ...Object.fromEntries(Object.entries(sources).map(([path, text]) => [`${folder}/${path}`, text])),
  [`${folder}/package.json`]: `${JSON.stringify(packageJson, null, 2)}\n`,
  // A package of the repository has a longer name, and is released with the others.
  [`${folder}/README.md`]: readme.replaceAll(name, npmName).replace(/\n## Release\n.*$/s, ''),
  [`.changeset/loss-${name}.md`]: `---\n'${npmName}': minor\n---\n\nAdd \`${camel(name)}\`.\n`
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
