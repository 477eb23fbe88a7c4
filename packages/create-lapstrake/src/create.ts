import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Kind } from './kinds.ts'
import { manifestOf } from './manifests.ts'
import { camel, filled } from './templates.ts'

/**
 * Makes a project, or a plugin of a kind, in a folder that is empty or not there yet, and named after it.
 *
 * @returns the paths of its files
 * @throws Error for a folder with something in it, and one whose name cannot be that of a package or a function
 */
export function create(folder: string, kind: Kind | undefined): readonly string[] {
  const name = basename(folder)
  checkName(name, kind)
  checkEmpty(folder)
  const files: Readonly<Record<string, string>> = {
    ...(kind === undefined ? filled('project', 'my-project', name) : filled('plugin', `my-${kind}`, name)),
    ...(kind !== undefined && filled(kind, `my-${kind}`, name)),
    'package.json': `${JSON.stringify(manifestOf(name, kind), null, 2)}\n`
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return Object.keys(files)
}

function checkName(name: string, kind: Kind | undefined): void {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    throw new Error(
      `expected a name in small letters and digits with dashes, such as my-${kind ?? 'project'}, got ${name}. ` +
        'It is the name of a package, too.'
    )
  if (kind !== undefined && isReserved(camel(name)))
    throw new Error(`expected a name that a function can have, got ${name}, a word of JavaScript. Try ${name}-${kind}.`)
}

function isReserved(word: string): boolean {
  try {
    return new Function(`'use strict'; const ${word} = 0`) === undefined
  } catch {
    return true
  }
}

function checkEmpty(folder: string): void {
  const there = existsSync(folder) ? readdirSync(folder) : []
  if (there.length > 0)
    throw new Error(
      `expected an empty folder or none, got ${folder} with ${there.slice(0, 3).join(', ')}` +
        `${there.length > 3 ? ' and more' : ''} in it. Choose another name, or empty it.`
    )
}
