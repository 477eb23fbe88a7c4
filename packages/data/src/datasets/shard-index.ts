import { isHidden, isImageName, leavingOut, toldLeftOut, whyNoImage, type Counted } from '../left-out.ts'
import { FileFault } from './file-fault.ts'
import { membersOfTar, TarFault, type TarMember } from './tar-members.ts'

/** Where the images of a shard lie, and their classes; -1 where none is said. */
export interface ShardIndex {
  readonly offsets: readonly number[]
  readonly sizes: readonly number[]
  readonly labels: readonly number[]
  readonly leftOut: readonly Counted[]
}

/** What is known of an example. */
interface Example {
  image?: Pick<TarMember, 'name' | 'offset' | 'size'> | undefined
  /** What its `.cls` and its `.json` say, as they say it. */
  cls?: Note | undefined
  json?: Note | undefined
}

interface Note {
  readonly name: string
  readonly text: string
}

/** More classes than any data set has; each gets a name. */
const mostClasses = 1_000_000

/**
 * Reads a shard once.
 *
 * @throws Error if it is compressed, damaged, cut short, without images, has links for images, or tells what is no
 * class
 */
export async function indexOfShard(path: string): Promise<ShardIndex> {
  const { counts, leave } = leavingOut()
  const examples = await examplesOf(path, leave)
  const [offsets, sizes, labels]: [number[], number[], number[]] = [[], [], []]
  for (const [name, { image, cls, json }] of examples) {
    if (image === undefined) leave('without an image', name)
    else {
      offsets.push(image.offset)
      sizes.push(image.size)
      const told = toldBy(cls, json, `${name} in ${path}`)
      if (told === undefined && json !== undefined) leave('.json without a label or cls', json.name)
      labels.push(labelOf(told ?? null, `${name} in ${path}`))
    }
  }
  if (offsets.length > 0) return { offsets, sizes, labels, leftOut: counts }
  throw new Error(
    `webDataset: expected images (.jpg, .png, .webp, .gif, .tif, .avif) in ${path}, got none` +
      `${counts.length === 0 ? '' : ` and ${toldLeftOut(counts).join('; ')}`}. Name shards with images.`
  )
}

/** By their names up to the first dot. */
async function examplesOf(
  path: string,
  leave: (why: string, such: string) => void
): Promise<ReadonlyMap<string, Example>> {
  const examples = new Map<string, Example>()
  const exampleOf = (key: string): Example => {
    const known = examples.get(key) ?? {}
    examples.set(key, known)
    return known
  }
  try {
    for await (const member of membersOfTar(path)) {
      const { kind, offset, size } = member
      const name = member.name.replace(/^(\.\/+)+/, '')
      const [, key = '', ending = ''] = /^(.*?[^/]*?)\.([^/]*)$/.exec(name) ?? []
      // A mask `a.seg.png` stands beside `a.png`, whichever comes first.
      const isImage = !ending.includes('.') && isImageName(`.${ending}`)
      const note = /^(cls|json)$/i.test(ending) ? (ending.toLowerCase() as 'cls' | 'json') : undefined
      if (kind === 'folder') continue
      if (name.split('/').some(part => part !== '.' && part !== '..' && isHidden(part))) leave('hidden', name)
      else if (kind === 'link' && (isImage || note !== undefined)) {
        throw new TarFault(`it has a link for ${name}. Make it with tar's --dereference and --hard-dereference`)
      } else if (kind !== 'file') leave(kind === 'link' ? 'links' : 'that are no files', name)
      else if (isImage || note !== undefined) {
        const part = note ?? 'image'
        const example = exampleOf(key)
        // A member of the same name stands in place of the one before it; one of another name does not.
        const before = example[part]?.name
        if (before === name) leave('with another of the same name behind it, which is taken', name)
        if (before !== undefined && before !== name) leave(`beside another ${note ?? 'image'} of the example`, name)
        else if (note === undefined) example.image = { name, offset, size }
        else example[note] = { name, text: new TextDecoder().decode(await member.bytes()) }
      } else leave(ending.includes('.') ? `.${ending}` : whyNoImage(`.${ending}`), name)
    }
  } catch (error) {
    if (!(error instanceof TarFault || error instanceof FileFault)) throw error
    throw new Error(
      `webDataset: expected ${path} to be a whole tar archive, but ${error.message}. Make it anew, or fetch it again.`,
      { cause: error }
    )
  }
  return examples
}

/**
 * What a `.cls` says, or where there is none the `label` or `cls` of a `.json`, or a `.json` that is a number; null
 * where it is unknown, nothing where nobody tells.
 *
 * @throws Error for what is no JSON
 */
function toldBy(cls: Note | undefined, json: Note | undefined, example: string): unknown {
  if (cls !== undefined) return cls.text
  if (json === undefined) return undefined
  try {
    const said: unknown = JSON.parse(json.text)
    if (typeof said === 'number') return said
    const { label, cls } = (said ?? {}) as { readonly label?: unknown; readonly cls?: unknown }
    return label ?? cls ?? label
  } catch (cause) {
    throw new Error(`webDataset: expected JSON for ${example}, got something else. Write it anew.`, { cause })
  }
}

/**
 * The number of a class; -1 where none is told.
 *
 * @throws Error for what is no class
 */
function labelOf(told: unknown, example: string): number {
  if (told === null) return -1
  const isNumber = typeof told === 'number' || (typeof told === 'string' && /^-?\d+$/.test(told.trim()))
  const label = isNumber ? Number(told) : NaN
  if (Number.isInteger(label) && label >= -1 && label < mostClasses) return label
  const expected = label >= mostClasses ? `classes below ${mostClasses}` : 'the number of a class, or -1 for none'
  throw new Error(
    `webDataset: expected ${expected}, got ${isNumber ? label : JSON.stringify(told)} for ${example}. ` +
      'Number the classes from 0.'
  )
}
