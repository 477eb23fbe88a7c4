import { readdirSync, readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { transform } from 'sucrase'
import type { RunEvent, RunRequest } from '../run/protocol.ts'
import type * as run from '../run/start-run.ts'
import type { OpenSite } from './open-site.ts'

export interface RunInPageOptions {
  /** Stops the run at the first such event; `done` and `error` end it anyway. */
  readonly until?: RunEvent['kind'] | undefined
  /** Stops the run at this step. */
  readonly untilStep?: number | undefined
  /** Calls a function of the page, by its name, when a step has been told. */
  readonly callAtStep?: { readonly step: number; readonly name: string } | undefined
  /** Files of one's own, made in the page: their paths and bytes in base64. */
  readonly files?: readonly { readonly path: string; readonly base64: string }[] | undefined
}

/** A page of the site, ready to run recipes without the help of its components. */
export async function openBarePage({ url, context }: OpenSite): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${url}/data/index.json`)
  const source = transform(readFileSync(new URL('../run/start-run.ts', import.meta.url), 'utf8'), {
    transforms: ['typescript']
  }).code
  const worker = readdirSync(new URL('../../dist/assets', import.meta.url)).find(file => /^worker-.*\.js$/.test(file))
  if (worker === undefined || !source.includes("new URL('./worker.ts', import.meta.url)")) {
    throw new Error(
      'run-in-page: expected the built worker in dist/assets. Build the site again: node apps/site/build.mjs'
    )
  }
  const withWorker = source.replace("new URL('./worker.ts', import.meta.url)", `'/assets/${worker}'`)
  await page.addScriptTag({ type: 'module', content: `${withWorker}\nwindow.startRun = startRun` })
  // A module that stands in the page itself runs when the page finds time for it.
  await page.waitForFunction(() => 'startRun' in window)
  return page
}

/** Runs a recipe in a page and gives back what was told; of lists of numbers their length in bytes. */
export const runInPage = (
  page: Page,
  request: RunRequest,
  { until, untilStep, callAtStep, files = [] }: RunInPageOptions = {}
): Promise<readonly RunEvent[]> =>
  page.evaluate(
    ({ request, until, untilStep, callAtStep, files }) =>
      new Promise<RunEvent[]>(resolve => {
        const own = files.map(({ path, base64 }) => ({
          path,
          file: new File([Uint8Array.from(atob(base64), letter => letter.charCodeAt(0))], path)
        }))
        const told: RunEvent[] = []
        const { startRun } = window as typeof window & typeof run
        const { stop } = startRun(
          own.length > 0 ? { ...request, data: { kind: 'files', files: own } } : request,
          event => {
            told.push(
              JSON.parse(
                JSON.stringify(event, (_, value: unknown) => (ArrayBuffer.isView(value) ? value.byteLength : value))
              ) as RunEvent
            )
            if (event.kind === 'step' && event.metrics.step === callAtStep?.step)
              (Reflect.get(window, callAtStep.name) as () => void)()
            const isLast = event.kind === 'step' && event.metrics.step === untilStep
            if (!isLast && event.kind !== 'done' && event.kind !== 'error' && event.kind !== until) return
            stop()
            resolve(told)
          }
        )
      }),
    {
      request,
      files,
      until,
      untilStep,
      callAtStep
    }
  )
