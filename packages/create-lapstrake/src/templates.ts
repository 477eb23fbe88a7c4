import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The files of a template, by their paths, with its name replaced: `my-loss`, `myLoss` and `MyLoss`. */
export function filled(template: string, word: string, name: string): Readonly<Record<string, string>> {
  const folder = fileURLToPath(new URL(`../templates/${template}`, import.meta.url))
  const changes = [
    [word, name],
    [camel(word), camel(name)],
    [pascal(word), pascal(name)]
  ] as const
  const change = (text: string): string => changes.reduce((all, [from, to]) => all.replaceAll(from, to), text)
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(({ parentPath, name: file }) =>
      join(parentPath, file)
        .slice(folder.length + 1)
        .replaceAll('\\', '/')
    )
    .sort()
  return Object.fromEntries(paths.map(path => [change(shown(path)), change(readFileSync(join(folder, path), 'utf8'))]))
}

/** npm leaves files of the name `.gitignore` out of what it publishes. */
const shown = (path: string): string => path.replace(/^gitignore$/, '.gitignore')

/** `my-loss` as the name of a function. */
export const camel = (name: string): string => name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())

const pascal = (name: string): string => camel(`-${name}`)
