import { checkGiven } from '@lapstrake/core'
import { readFile, realpath } from 'node:fs/promises'
import { dirname, extname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { createTwoFilesPatch } from 'diff'
import { build, transform, type Loader, type Plugin } from 'esbuild'
import { readWholeFile } from '@lapstrake/files/node'
import { checkFolder } from './check-folder.ts'
import { inOurWords } from './in-our-words.ts'
import type { Manifest } from './manifest.ts'
import { runFiles } from './run-file-names.ts'

/** A recipe as one ES module. */
export interface BundledRecipe {
  /** What a run keeps. The same files give the same text. */
  readonly text: string
  /** The same with a map to the lines of the files that it was made of, to run where these are at hand. */
  readonly mapped: string
}

/**
 * Bundles a recipe with all that it imports of the user's own: files, and packages that lie outside `node_modules`, as
 * those of a workspace do. What npm installs, lapstrake among it, stays outside.
 *
 * @throws Error if the recipe or what it imports cannot be found or parsed
 */
export async function bundleRecipe(path: string): Promise<BundledRecipe> {
  checkGiven('recipe', "the path of a file, as in 'recipe.ts'", path, 'string')
  const entry = resolve(path)
  try {
    const { outputFiles } = await build({
      entryPoints: [entry],
      outfile: 'recipe.mjs',
      absWorkingDir: dirname(entry),
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      charset: 'utf8',
      logLevel: 'silent',
      sourcemap: 'external',
      sourcesContent: false,
      // All that the files do is done, used or not, whatever a package.json says.
      treeShaking: false,
      ignoreAnnotations: true,
      plugins: [ownPackages, ownAddresses]
    })
    const of = (end: string): string => outputFiles.find(file => file.path.endsWith(end))!.text
    const sources = Buffer.from(absolute(of('.map'), dirname(entry))).toString('base64')
    const map = `\n//# sourceMappingURL=data:application/json;base64,${sources}\n`
    return { text: of('.mjs'), mapped: of('.mjs') + map }
  } catch (error) {
    throw new Error(`recipe: expected ${path} to load, but it does not: ${reasonOf(error as Error)}`, { cause: error })
  }
}

/** The files of a map by their addresses, so that it holds wherever the bundle lies. */
function absolute(map: string, folder: string): string {
  const parsed = JSON.parse(map) as { sources: string[] }
  return JSON.stringify({
    ...parsed,
    sources: parsed.sources.map(source => pathToFileURL(resolve(folder, source)).href)
  })
}

/** Where the grammar is wrong, or what is not there. */
const reasonOf = (error: Error): string => {
  const [first] =
    (error as { errors?: { text: string; location?: { file: string; line: number; column: number } }[] }).errors ?? []
  if (first === undefined) return inOurWords(error)
  const { location, text } = first
  const sentence = text.replace(/[^.]$/, '$&.')
  return location ? `${location.file}:${location.line}:${location.column}: ${sentence} Mend that line.` : sentence
}

/** Packages that must be there once, or are Node's. */
const outside = /^(?:lapstrake|@lapstrake|@tensorflow|node:)(?:[/]|$)|^node:/

/**
 * A package is the user's own where its files lie outside `node_modules`, and is bundled then; so is a file named by
 * its address.
 */
const ownPackages: Plugin = {
  name: 'own-packages',
  setup({ onResolve, resolve: find }) {
    onResolve({ filter: /^file:/ }, ({ path }) => ({ path: fileURLToPath(path) }))
    onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === 'asked' || /^[a-z]:[\\/]/i.test(path)) return undefined
      if (outside.test(path)) return { path, external: true }
      const found = await find(path, {
        importer: from.importer,
        namespace: from.namespace,
        resolveDir: from.resolveDir,
        kind: from.kind,
        pluginData: 'asked'
      })
      const file =
        found.errors.length > 0 || found.external ? undefined : await realpath(found.path).catch(() => undefined)
      return file === undefined || (/[\\/]node_modules[\\/]/.test(file) && !from.resolveDir.includes('node_modules'))
        ? { path, external: true }
        : { path: file }
    })
  }
}

/** Files that ask where they lie get the answer from before they were bundled. */
const ownAddresses: Plugin = {
  name: 'own-addresses',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: 'file' }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      if (!text.includes('import.meta')) return undefined
      const answers = { url: pathToFileURL(path).href, filename: path, dirname: dirname(path) }
      const { code } = await transform(text, {
        loader: extname(path).replace(/^\.[cm]?/, '') as Loader,
        sourcefile: path,
        sourcemap: 'inline',
        target: 'node20',
        charset: 'utf8',
        define: { 'import.meta': JSON.stringify(answers) }
      })
      return { contents: code, loader: 'js', resolveDir: dirname(path) }
    })
}

/**
 * How the recipe that a run keeps differs from the file it came from, as a patch; nothing where it does not, or where
 * there is no such file, as of a run that was copied.
 */
export async function recipeChanges(folder: string, manifest: Pick<Manifest, 'recipe'>): Promise<string | undefined> {
  checkFolder(folder)
  checkGiven('recipeChanges', 'the manifest of the run', manifest, 'record')
  const { recipe } = manifest
  checkGiven('recipeChanges', 'a manifest that names its recipe', recipe, 'string')
  const now = await bundleRecipe(recipe).catch((error: Error) => error)
  if (now instanceof Error)
    return readFile(recipe).then(
      () => now.message,
      () => undefined
    )
  const kept = join(folder, runFiles.recipe)
  const then = new TextDecoder().decode(await readWholeFile(kept))
  if (then === now.text) return undefined
  const [, ...patch] = createTwoFilesPatch(kept, recipe, then, now.text, 'as the run keeps it', 'as it is now', {
    context: 1
  }).split('\n')
  return patch.join('\n').trimEnd()
}
