import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A published package. */
export interface Package {
  /** The npm name: `@lapstrake/loss-info-nce`. */
  readonly name: string
  /** The last part of its pages' addresses: `loss-info-nce`. */
  readonly page: string
  /** Where it lies in the repository: `packages/losses/info-nce`. */
  readonly folder: string
  readonly description: string
}

/** The root of the repository, with a slash at its end. */
export const root: string = fileURLToPath(new URL('../../../../', import.meta.url))

/** All published packages, in the order of their folders. */
export const packages: readonly Package[] = ['packages', 'packages/backbones', 'packages/losses', 'packages/backends']
  .flatMap(parent => readdirSync(root + parent).map(name => `${parent}/${name}`))
  .filter(folder => existsSync(`${root}${folder}/package.json`))
  .map(folder => {
    const { name, description } = JSON.parse(readFileSync(`${root}${folder}/package.json`, 'utf8')) as {
      name: string
      description: string
    }
    return { name, page: name.replace('@lapstrake/', ''), folder, description }
  })

/** The packages that one imports; `cli` is a command. */
export const libraries: readonly Package[] = packages.filter(({ folder }) =>
  existsSync(`${root}${folder}/src/index.ts`)
)
