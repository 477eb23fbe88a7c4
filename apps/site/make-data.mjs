// Puts Fashion-MNIST where the site serves it: a sample of its first images, and all of it. What is not at hand stays
// away, unless --download fetches it; the page then trains on drawn shapes.
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import { dataFolders, fashionMnist } from 'lapstrake/node'

/** Training and test images of the sample. */
const sample = { train: 4000, t10k: 1000 }
const files = ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte', 't10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte']
const target = fileURLToPath(new URL('public/data/', import.meta.url))
const about = { licence: 'MIT, © 2017 Zalando SE', source: 'https://github.com/zalandoresearch/fashion-mnist' }

// The whole folder, so that nothing of an earlier build is taken for this one's.
await rm(target, { recursive: true, force: true })
await mkdir(target, { recursive: true })
const folder = await find()
const index = {}
if (folder !== undefined) {
  index['fashion-mnist-sample'] = {
    name: 'Fashion-MNIST, the first images',
    ...about,
    examples: sample.train,
    files: await write('fashion-mnist-sample', cut)
  }
  index['fashion-mnist'] = {
    name: 'Fashion-MNIST',
    ...about,
    examples: 60_000,
    files: await write('fashion-mnist', copyFile)
  }
}
await writeFile(`${target}index.json`, `${JSON.stringify(index, null, 2)}\n`)
const megabytes = Object.entries(index).map(
  ([name, { files }]) => `${name} ${(files.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6).toFixed(1)} MB`
)
console.log(
  folder === undefined
    ? 'data: Fashion-MNIST is not at hand, so pages train on drawn shapes. --download fetches it.'
    : `data: ${megabytes.join(', ')}`
)

/** The folder with all four files, of the places where lapstrake looks. */
async function find() {
  const found = dataFolders()
    .map(folder => `${folder}/fashion-mnist`)
    .find(folder => files.every(file => existsSync(`${folder}/${file}.gz`)))
  if (found !== undefined || !process.argv.includes('--download')) return found
  for (const split of ['train', 'test']) await fashionMnist({ split })
  return find()
}

/**
 * Writes the four files. Hosts and browsers unpack what ends in `.gz` on the way, some of them, and counts of bytes
 * would be wrong: hence the other ending.
 */
async function write(name, make) {
  await mkdir(`${target}${name}`)
  return Promise.all(
    files.map(async file => {
      const path = `${target}${name}/${file}.gzip`
      await make(`${folder}/${file}.gz`, path)
      return { file: `${file}.gzip`, bytes: (await stat(path)).size }
    })
  )
}

/** The first examples of an IDX file: fewer of them in its header, and the rest left out. */
async function cut(from, to) {
  const bytes = gunzipSync(await readFile(from))
  const axes = bytes[3]
  const all = bytes.readUInt32BE(4)
  const count = from.includes('train') ? sample.train : sample.t10k
  const header = 4 + 4 * axes
  bytes.writeUInt32BE(count, 4)
  await writeFile(to, gzipSync(bytes.subarray(0, header + ((bytes.length - header) / all) * count), { level: 9 }))
}
