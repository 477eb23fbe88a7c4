/** What to type for a command of lapstrake here: in a clone its npm script, elsewhere npx. */
export const howToType = (command: string): string =>
  process.env.npm_lifecycle_event === 'lapstrake' ? `npm run lapstrake -- ${command}` : `npx lapstrake ${command}`
