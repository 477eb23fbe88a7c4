/** A text of a file, for errors: of a long one its beginning. */
export const shown = (text: string): string => (text.length > 100 ? `${text.slice(0, 100)}…` : text)
