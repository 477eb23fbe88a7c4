/** What was typed is wrong: a word that a command does not know, one that is missing, a value that cannot be. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
