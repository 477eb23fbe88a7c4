import { checkGiven } from '@lapstrake/core'

/** @throws TypeError for what is no path */
export const checkFolder = (folder: string): void =>
  checkGiven('run', "the folder of a run, as in 'runs/loco-0'", folder, 'string')
