import { strToU8, zipSync } from 'fflate'
import type { Sources } from '../../run/evaluate.ts'

/** Hands a file to the reader. */
export function download(name: string, content: BlobPart): void {
  const url = URL.createObjectURL(new Blob([content]))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // Some browsers read the address after the click.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** Hands files to the reader: one as it is, several in a zip. */
export function downloadFiles(name: string, files: Sources): void {
  const [[only, text] = [name, ''], ...others] = Object.entries(files)
  if (others.length === 0) download(only, text)
  else
    download(
      `${name}.zip`,
      zipSync(Object.fromEntries(Object.entries(files).map(([file, content]) => [file, strToU8(content)])))
    )
}
