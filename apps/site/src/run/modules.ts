import * as core from '@lapstrake/core'
import * as lapstrake from 'lapstrake'
import * as tf from '@tensorflow/tfjs-core'

/** What a recipe may import by name. */
export const modules: Readonly<Record<string, object>> = { lapstrake, '@lapstrake/core': core, '@tensorflow/tfjs-core': tf }
