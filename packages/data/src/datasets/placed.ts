import { resolve } from 'node:path'

/** Where a path leads from a folder: as it is from the working directory. */
export const placed = (path: string, from: string | undefined): string =>
  from === undefined || resolve(from) === resolve('.') ? path : resolve(from, path)
