import { checkGiven } from '@lapstrake/core'

/**
 * What to type for a command of lapstrake here, in a clone its npm script, elsewhere npx; words that a shell would take
 * apart are quoted.
 */
export const howToType = (...words: readonly string[]): string => {
  for (const word of words) checkGiven('howToType', 'words, each a text', word, 'string')
  const program = process.env.npm_lifecycle_event === 'lapstrake' ? 'npm run lapstrake --' : 'npx lapstrake'
  return `${program} ${words.map(quoted).join(' ')}`
}

/**
 * A word as a shell takes it: as it is where it means nothing there. Names in angle brackets stand for what is to be
 * put in.
 */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$|^<[\w. -]+>$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
