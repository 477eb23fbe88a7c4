export { makeFolder } from './make-folder.ts'
export { readWholeFile } from './read-whole-file.ts'
export { writeFileAtomic } from './write-file-atomic.ts'
