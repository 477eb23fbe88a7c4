// When JavaScript's own memory is full, a browser ends the whole tab and nothing in it can say a word. What runs is
// therefore noted for the time it runs; a tab that finds a note when it opens has died with that run.
const keyOf = (recipe: string): string => `lapstrake-running-${recipe}`

/** Notes what runs in this tab. */
export function noteRun(recipe: string, source: string): void {
  try {
    sessionStorage.setItem(keyOf(recipe), source)
  } catch {
    // No storage, or none left: then nothing is noted.
  }
}

/** The run has ended, or its page is left. */
export const forgetRun = (recipe: string): void => {
  sessionStorage.removeItem(keyOf(recipe))
}

/** The source that this tab died with; nothing where it did not. */
export function diedWith(recipe: string): string | undefined {
  const source = sessionStorage.getItem(keyOf(recipe)) ?? undefined
  forgetRun(recipe)
  return source
}
