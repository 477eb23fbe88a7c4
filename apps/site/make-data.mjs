// Puts data sets where the site serves them, in files of a thousand examples: Fashion-MNIST, and the first of CIFAR-10.
// What is not at hand stays away, unless --download fetches it; the page then trains on drawn shapes.
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { cifar10, fashionMnist } from 'lapstrake'
import { dataFolders } from 'lapstrake/node'

const perFile = 1000
const target = fileURLToPath(new URL('public/data/', import.meta.url))

const sets = [
  {
    data: fashionMnist(),
    atHand: [
      ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte', 't10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'].map(
        file => `fashion-mnist/${file}.gz`
      )
    ],
    all: { train: 60_000, test: 10_000 },
    served: { train: 60_000, test: 1000 },
    licence: 'MIT, © 2017 Zalando SE',
    source: 'https://github.com/zalandoresearch/fashion-mnist'
  },
  {
    data: cifar10(),
    atHand: [['cifar10/cifar-10-binary.tar.gz'], ['cifar10/cifar10-jpeg-q75-60k.tar.gz']],
    all: { train: 50_000, test: 10_000 },
    served: { train: 10_000, test: 1000 },
    licence: 'none stated; Krizhevsky 2009',
    source: 'https://www.cs.toronto.edu/~kriz/cifar.html'
  }
]

// The whole folder, so that nothing of an earlier build is taken for this one's.
await rm(target, { recursive: true, force: true })
await mkdir(target, { recursive: true })
const index = {}
for (const set of sets) {
  const { name } = set.data
  if (isAtHand(set) || process.argv.includes('--download')) index[name] = await write(set)
  else console.log(`data: ${name} is not at hand, so pages train on drawn shapes. --download fetches it.`)
}
await writeFile(`${target}index.json`, `${JSON.stringify(index, null, 2)}\n`)
for (const [name, { train, test }] of Object.entries(index))
  console.log(
    `data: ${name} ${([...train.bytes, ...test.bytes].reduce((sum, bytes) => sum + bytes) / 1e6).toFixed(1)} MB`
  )

function isAtHand({ atHand }) {
  const isThere = file => dataFolders().some(folder => existsSync(`${folder}/${file}`))
  return atHand.some(files => files.every(isThere))
}

async function write({ data, all, served, licence, source }) {
  await mkdir(`${target}${data.name}`)
  const [train, test] = [
    await data.open('train', { limit: served.train }),
    await data.open('test', { limit: served.test })
  ]
  return {
    name: train.name,
    licence,
    source,
    classes: train.classes,
    shape: train.shape,
    perFile,
    train: { examples: train.size, of: all.train, bytes: await writePart(data.name, 'train', train) },
    test: { examples: test.size, of: all.test, bytes: await writePart(data.name, 'test', test) }
  }
}

/**
 * Writes the files of a part and gives back their lengths. Hosts and browsers unpack what ends in `.gz` on the way,
 * some of them, and counts of bytes would be wrong: hence the other ending.
 */
async function writePart(name, split, dataset) {
  const bytes = []
  for (let first = 0; first < dataset.size; first += perFile) {
    const places = Array.from({ length: Math.min(perFile, dataset.size - first) }, (_, i) => first + i)
    const examples = await dataset.read(places)
    const labels = Uint8Array.from(examples, ({ label }) => label)
    const packed = await promisify(gzip)(Buffer.concat([labels, ...examples.map(({ image }) => image)]), { level: 9 })
    await writeFile(`${target}${name}/${split}-${first / perFile}.gzip`, packed)
    bytes.push(packed.length)
  }
  return bytes
}
