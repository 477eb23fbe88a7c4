// What a reader has written and not yet shared lies in this browser, so that a reload does not lose it.
const keyOf = (slot: string): string => `lapstrake-draft-${slot}`

/** Keeps a recipe as its reader has it. */
export function keepDraft(slot: string, source: string): void {
  try {
    localStorage.setItem(keyOf(slot), source)
  } catch {
    // No room is left: the page is all that has it, as it is without storage.
  }
}

/** What was kept; nothing where the recipe is as it was. */
export const readDraft = (slot: string): string | undefined => localStorage.getItem(keyOf(slot)) ?? undefined

export const forgetDraft = (slot: string): void => localStorage.removeItem(keyOf(slot))
