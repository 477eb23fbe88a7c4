import { readdirSync } from 'node:fs'

export default {
  paths: (): { params: { recipe: string } }[] => readdirSync(import.meta.dirname)
    .filter(file => /^\d\d-.*\.ts$/.test(file))
    .map(file => ({ params: { recipe: file.replace(/\.ts$/, '') } }))
}
