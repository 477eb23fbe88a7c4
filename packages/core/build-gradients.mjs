// Writes src/register-gradients.js, which registers the gradients of TensorFlow.js's operations wherever it is
// imported: in Node, by bundlers, in pages. TensorFlow.js has a file for this, but its addresses are not ones that Node
// or a page can follow. Nothing that TensorFlow.js exports is copied; the few operations that only gradients need are.
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as tf from '@tensorflow/tfjs-core'
import { build } from 'esbuild'

const tfjs = '@tensorflow/tfjs-core'
const dist = dirname(fileURLToPath(import.meta.resolve(`${tfjs}/dist/index.js`)))

/** The names that a module of TensorFlow.js exports itself. */
const exportsOf = file =>
  [...readFileSync(file, 'utf8').matchAll(/^export (?:(?:const|function|class) (\w+)|\{ ?(.*?) ?\};)/gm)].flatMap(
    ([, name, list]) => name ?? list.split(', ').map(each => each.split(' as ').at(-1))
  )

/** What has all names of a module, as TensorFlow.js shows it to everyone: itself, or a record in it. */
const publicPlaces = { '': tf, util: tf.util, backend_util: tf.backend_util, slice_util: tf.slice_util }
const placeOf = file => {
  const names = exportsOf(file)
  if (names.length === 0) return undefined
  return Object.keys(publicPlaces).find(place => names.every(name => name in publicPlaces[place]))
}

/** What of modules with a state is used, which must not be there twice. */
const states = {
  'engine.js': `import { engine } from '${tfjs}'\nexport const ENGINE = /* @__PURE__ */ engine()`,
  'environment.js': `export { env } from '${tfjs}'`,
  'tensor.js': `import { Tensor } from '${tfjs}'\nexport { Tensor }\nexport const getGlobalTensorClass = () => Tensor`
}
const stateOf = file => states[relative(dist, file)]

/** What `file` exports, from where TensorFlow.js shows it. */
const borrowed = file => {
  if (stateOf(file) !== undefined) return stateOf(file)
  const place = placeOf(file)
  if (place === '') return `export { ${exportsOf(file).join(', ')} } from '${tfjs}'`
  const names = Object.keys(publicPlaces[place]).filter(name => name !== 'default')
  return [
    `import { ${place} } from '${tfjs}'`,
    ...names.map(name => `export const ${name} = /* @__PURE__ */ (() => ${place}.${name})()`)
  ].join('\n')
}

const fromTensorFlow = {
  name: 'what TensorFlow.js exports',
  setup(bundle) {
    bundle.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
      const file = `${join(resolveDir, path)}.js`
      const isShown = stateOf(file) !== undefined || placeOf(file) !== undefined
      return { path: file, sideEffects: false, ...(isShown && { namespace: 'borrowed' }) }
    })
    bundle.onLoad({ filter: /.*/, namespace: 'borrowed' }, ({ path }) => ({ contents: borrowed(path) }))
  }
}

const notice =
  '/*! Of TensorFlow.js, copyright Google LLC, Apache License 2.0: https://www.apache.org/licenses/LICENSE-2.0 */'

await build({
  entryPoints: [join(dist, 'register_all_gradients.js')],
  outfile: fileURLToPath(new URL('src/register-gradients.js', import.meta.url)),
  bundle: true,
  format: 'esm',
  target: 'es2022',
  external: [tfjs],
  legalComments: 'none',
  minifyWhitespace: true,
  plugins: [fromTensorFlow],
  banner: { js: notice }
})
