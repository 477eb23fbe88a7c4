import { readFileSync } from 'node:fs'
import { root } from './packages.ts'

/** Where a site is to lie, and what it may do there: said by the environment of its build. */
export interface Settings {
  /** The folder of its host, such as `/` or `/lapstrake/`: `LAPSTRAKE_BASE`. */
  readonly base: string
  /** Its host, such as `https://example.org`: `LAPSTRAKE_ADDRESS`. Pictures in shared links want it. */
  readonly address: string | undefined
  /** Where its sources are: `LAPSTRAKE_REPOSITORY`, else what the root's `package.json` says. */
  readonly repository: string | undefined
  /** Whether a service worker gives it threads where the host sends no headers: unless `LAPSTRAKE_THREADS=headers`. */
  readonly threadsByWorker: boolean
}

/**
 * Reads them.
 *
 * @throws Error for a base without slashes at both ends, an address or a repository that is no address of the web, and
 * a word for threads that is not known
 */
export function settingsOf(environment: Readonly<Record<string, string | undefined>>): Settings {
  const { LAPSTRAKE_BASE: base = '/', LAPSTRAKE_THREADS: threads = 'worker' } = environment
  if (!/^\/(.*\/)?$/.test(base))
    throw new Error(`site: expected LAPSTRAKE_BASE to begin and end with a slash, got ${base}. Try /lapstrake/.`)
  if (threads !== 'worker' && threads !== 'headers')
    throw new Error(`site: expected LAPSTRAKE_THREADS to be worker or headers, got ${threads}. Leave it out.`)
  return {
    base,
    address: webAddress('LAPSTRAKE_ADDRESS', environment['LAPSTRAKE_ADDRESS'])?.replace(/\/+$/, ''),
    repository: webAddress('LAPSTRAKE_REPOSITORY', environment['LAPSTRAKE_REPOSITORY'] ?? repositoryOfPackage()),
    threadsByWorker: threads === 'worker'
  }
}

function webAddress(name: string, given: string | undefined): string | undefined {
  if (given === undefined || given === '') return undefined
  if (!/^https?:\/\/[^/\s]+/.test(given))
    throw new Error(`site: expected ${name} to be an address such as https://example.org, got ${given}.`)
  return given
}

function repositoryOfPackage(): string | undefined {
  const { repository } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
    repository?: string | { url: string }
  }
  const url = typeof repository === 'string' ? repository : repository?.url
  return url?.replace(/^git\+/, '').replace(/\.git$/, '')
}
