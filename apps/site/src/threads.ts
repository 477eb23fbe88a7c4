/** Where the reader's choice is kept: `?threads=off` at the end of an address makes it, `?threads=on` takes it back. */
const choice = 'lapstrake-threads'

/**
 * Threads for a page whose host sends no headers for them: registers the service worker that adds them, and loads the
 * page once more, unless its reader has begun to use it – then the next page has them. Does nothing where the page has
 * threads, cannot have them, or is not to have them.
 *
 * @param base where the site lies, such as `/`
 */
export async function askForThreads(base: string): Promise<void> {
  const asked = new URLSearchParams(location.search).get('threads')
  if (asked === 'on' || asked === 'off') localStorage.setItem(choice, asked)
  const workers = 'serviceWorker' in navigator ? navigator.serviceWorker : undefined
  if (localStorage.getItem(choice) === 'off') {
    await (await workers?.getRegistration(base))?.unregister()
    return
  }
  // A page that the worker has answered and that still has no threads will not get them by another load.
  if (crossOriginIsolated || workers === undefined || workers.controller !== null || window !== top) return
  try {
    await workers.register(`${base}threads.js`, { scope: base })
    await workers.ready
  } catch {
    // A window that keeps no storage, or a host without the file: one thread is enough to go on with.
    return
  }
  const [{ type } = { type: 'navigate' }] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
  if (type !== 'reload' && !navigator.userActivation.hasBeenActive) location.reload()
}
