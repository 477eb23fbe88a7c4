import { readFile } from 'node:fs/promises'
import { dirname, extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createTwoFilesPatch } from 'diff'
import { build, type Loader, type Plugin } from 'esbuild'
import { readWholeFile } from 'lapstrake/node'
import type { Manifest } from './manifest.ts'
import { runFiles } from './run-files.ts'

/**
 * A recipe as one ES module, with all that it imports of the user's own; what npm installs, lapstrake among it, stays outside. The same files give the
 * same text.
 *
 * @throws Error if the recipe or what it imports cannot be found or parsed
 */
export async function bundleRecipe(path: string): Promise<string> {
  const entry = resolve(path)
  try {
    const { outputFiles } = await build({
      entryPoints: [entry], absWorkingDir: dirname(entry), bundle: true, write: false, format: 'esm', platform: 'node', target: 'node20',
      packages: 'external', charset: 'utf8', logLevel: 'silent', plugins: [ownAddresses]
    })
    return outputFiles[0]!.text
  } catch (error) {
    const reason = (error as Error).message.replace(/\.?$/, '.')
    throw new Error(`recipe: expected ${path} to be bundled with what it imports, but it cannot: ${reason}`, { cause: error })
  }
}

/** Files that ask where they lie get the answer from before they were bundled. */
const ownAddresses: Plugin = {
  name: 'own-addresses',
  setup: ({ onLoad }) => onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: 'file' }, async ({ path }) => {
    const text = new TextDecoder().decode(await readWholeFile(path))
    if (!text.includes('import.meta.')) return undefined
    const answers: Readonly<Record<string, string>> = { url: pathToFileURL(path).href, filename: path, dirname: dirname(path) }
    const contents = text.replaceAll(/\bimport\.meta\.(url|filename|dirname)\b/g, (_, what: string) => JSON.stringify(answers[what]))
    return { contents, loader: extname(path).replace(/^\.[cm]?/, '') as Loader, resolveDir: dirname(path) }
  })
}

/**
 * How the recipe that a run keeps differs from the file it came from, as a patch; nothing where it does not, or where there is no such file, as of a run
 * that was copied.
 */
export async function recipeChanges(folder: string, { recipe }: Pick<Manifest, 'recipe'>): Promise<string | undefined> {
  const path = join(folder, recipe)
  const now = await bundleRecipe(path).catch((error: Error) => error)
  if (now instanceof Error) return await readFile(path).then(() => now.message, () => undefined)
  const then = new TextDecoder().decode(await readWholeFile(join(folder, runFiles.recipe)))
  if (then === now) return undefined
  const [, ...patch] = createTwoFilesPatch(join(folder, runFiles.recipe), path, then, now, 'as the run keeps it', 'as it is now', { context: 1 }).split('\n')
  return patch.join('\n').trimEnd()
}
