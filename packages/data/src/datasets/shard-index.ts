import { pipeline } from 'node:stream/promises'
import { extract, type Header } from 'tar-stream'
import { openFile } from './open-file.ts'

/** Where the images of a shard lie, and their classes; -1 where none is said. */
export interface ShardIndex {
  readonly offsets: number[]
  readonly sizes: number[]
  readonly labels: number[]
}

interface Member {
  offset?: number | undefined
  size?: number | undefined
  label?: number | undefined
}

/** More classes than any data set has; each gets a name. */
const mostClasses = 1_000_000

/**
 * Reads a shard once.
 *
 * @throws Error if it is compressed, damaged, cut short, without images, has links for images, or tells an impossible
 * class
 */
export async function indexOfShard(path: string): Promise<ShardIndex> {
  if (/\.(gz|tgz|zst|xz)$/.test(path)) {
    throw new Error(
      `webDataset: expected a tar archive that can be read anywhere, got ${path}, which is compressed. ` +
        'Unpack it: images gain nothing from it.'
    )
  }
  const members = await membersOf(path)
  const tooGreat = [...members].find(([, { label = -1 }]) => label >= mostClasses)
  if (tooGreat !== undefined) {
    const [name, { label }] = tooGreat
    throw new Error(
      `webDataset: expected classes below ${mostClasses}, got ${label} for ${name} in ${path}. ` +
        'Number the classes from 0.'
    )
  }
  const whole = [...members.values()].filter(({ offset }) => offset !== undefined)
  if (whole.length === 0) throw new Error(`webDataset: expected images (.jpg, .png, .webp) in ${path}, got none.`)
  return {
    offsets: whole.map(({ offset }) => offset!),
    sizes: whole.map(({ size }) => size!),
    labels: whole.map(({ label = -1 }) => label)
  }
}

/** By their names up to the first dot. */
async function membersOf(path: string): Promise<ReadonlyMap<string, Member>> {
  const members = new Map<string, Member>()
  const archive = extract()
  let link: string | undefined
  archive.on('entry', (header: Header & { byteOffset?: number | undefined }, stream, next) => {
    const [, key, extension = ''] = /^(.*?[^/]*?)\.([^/]*)$/.exec(header.name) ?? []
    const isImage = /^(jpe?g|png|webp)$/i.test(extension)
    if (isImage && (header.type === 'link' || header.type === 'symlink')) link ??= header.name
    const member = (header.type === 'file' && key !== undefined && members.get(key)) || {}
    if (header.type === 'file' && key !== undefined) members.set(key, member)
    if (isImage) Object.assign(member, { offset: header.byteOffset, size: header.size })
    const saysLabel = extension === 'cls' || extension === 'json'
    const chunks: Buffer[] = []
    stream.on('data', chunk => {
      if (saysLabel) chunks.push(chunk as Buffer)
    })
    stream.on('end', () => {
      if (saysLabel) member.label = labelIn(Buffer.concat(chunks).toString(), extension)
      next()
    })
  })
  const fail = (error: unknown): never => {
    throw new Error(
      `webDataset: expected ${path} to be a whole tar archive, but it is damaged or cut short. Make it anew.`,
      { cause: error }
    )
  }
  const file = await openFile(path).catch(fail)
  await pipeline(file.createReadStream({ highWaterMark: 2 ** 20 }), archive).catch(fail)
  if (link === undefined) return members
  throw new Error(
    `webDataset: expected images in ${path}, got a link for ${link}. ` +
      "Make the archive with tar's --dereference and --hard-dereference."
  )
}

/** The class that a `.cls` or `.json` tells; -1 where it tells none. */
function labelIn(text: string, extension: string): number {
  try {
    const told = extension === 'json' ? labelOf(JSON.parse(text) as object) : text.trim() === '' ? NaN : text
    const said = Number(told)
    return Number.isInteger(said) && said >= 0 ? said : -1
  } catch {
    return -1
  }
}

const labelOf = ({ label, cls }: { readonly label?: unknown; readonly cls?: unknown }): unknown => label ?? cls
