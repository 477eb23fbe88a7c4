import { readdirSync, readFileSync } from 'node:fs'
import type { LoaderModule } from 'vitepress'
import { root } from './packages.ts'

/** A page of `docs/decisions`. */
export interface Decision {
  readonly title: string
  /** The address of the page: `/decisions/0001-one-loss-a-span`. */
  readonly link: string
}

/** What a page imports from here: the result of `load`. */
export declare const data: readonly Decision[]

const folder = `${root}docs/decisions`

/** All decisions, oldest first. */
export const decisions = (): readonly Decision[] =>
  readdirSync(folder)
    .filter(file => /^\d{4}-.*\.md$/.test(file))
    .map(file => ({
      title: /^# (.*)$/m.exec(readFileSync(`${folder}/${file}`, 'utf8'))?.[1] ?? file,
      link: `/decisions/${file.replace(/\.md$/, '')}`
    }))

const loader: LoaderModule = { watch: [`${folder}/*.md`], load: decisions }
export default loader
