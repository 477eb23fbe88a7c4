import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import type { LoaderModule } from 'vitepress'
import { packages, root } from './packages.ts'

/** What an import costs a page. */
export interface Size {
  readonly what: string
  readonly code: string
  /** Bytes, minified and gzipped, without TensorFlow.js. */
  readonly bytes: number
}

/** What a page imports from here: the result of `load`. */
export declare const data: readonly Size[]

const imports = [
  { what: 'one loss', code: "export { ntXent } from '@lapstrake/loss-info-nce'" },
  { what: 'the trainer', code: "export { createTrainer } from '@lapstrake/core'" },
  {
    what: 'all it takes to train',
    code: [
      "export { createTrainer } from '@lapstrake/core'",
      "export { overlapping } from '@lapstrake/isolation'",
      "export { simultaneous } from '@lapstrake/scheduler'",
      "export { ntXent } from '@lapstrake/loss-info-nce'",
      "export { adamW } from '@lapstrake/optimizers'"
    ].join('\n')
  },
  { what: 'everything', code: "export * from 'lapstrake'" }
]

/** Bundles as a page's bundler would, and weighs the result. */
async function weigh(code: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: root, loader: 'ts' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['@lapstrake/source'],
    external: ['@tensorflow/*', '@lapstrake/backend-*', 'node:*'],
    logLevel: 'error'
  })
  return gzipSync(outputFiles[0]!.contents, { level: 9 }).length
}

const loader: LoaderModule = {
  watch: packages.map(({ folder }) => `${root}${folder}/src/**/*.ts`),
  load: (): Promise<readonly Size[]> =>
    Promise.all(imports.map(async each => ({ ...each, bytes: await weigh(each.code) })))
}
export default loader
