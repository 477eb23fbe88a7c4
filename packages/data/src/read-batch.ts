import type { Dataset } from './datasets/dataset.ts'
import { UnreadableExample, type Unreadable } from './datasets/unreadable-example.ts'
import { withStandIns, type Chosen, type Stretch } from './stand-ins.ts'

/** Places of examples that cannot be read; with what is wrong with them, unless that was found out in another run. */
export type Known = ReadonlyMap<number, Unreadable | undefined>

/** How the examples of a data set are read. */
export interface Reader<Examples> extends Pick<Dataset, 'name' | 'size'> {
  read(places: Uint32Array): Promise<Examples>
}

/** The examples of a batch. */
export interface ReadBatch<Examples> extends Chosen {
  readonly examples: Examples
  /** What this batch found out, in the order in which it did. */
  readonly found: readonly Unreadable[]
  /** What is known behind it. */
  readonly known: Known
}

/** Begins to read a batch with what may be known too early, and ends it when what is known before it is certain. */
export interface Begun<Examples> {
  end(known: Known): Promise<ReadBatch<Examples>>
}

/**
 * Reads the examples of a batch, and others in place of those that cannot be read, until it is full.
 *
 * What it shows depends on its stretch, on what is known before it and on what its own examples turn out to be; not
 * on batches behind it that are read at the same time, nor on how long anything takes.
 */
export function beginBatch<Examples>(reader: Reader<Examples>, stretch: Stretch, guess: Known): Begun<Examples> {
  const read = async (places: Uint32Array): Promise<Examples> => reader.read(places)
  // Where none can be read, the end says so.
  const begun = withStandIns(stretch, place => guess.has(place))
  const early = begun && read(begun.places)
  // An error is thrown where the batch is used, not where nobody listens.
  early?.catch(() => {})
  return {
    async end(before) {
      let known = before
      const found: Unreadable[] = []
      for (let attempt = 0; ; attempt++) {
        const choice = chosen(reader, stretch, known)
        const { places } = choice
        try {
          const examples = await (attempt === 0 && early !== undefined && same(places, begun!.places)
            ? early
            : read(places))
          return { ...choice, examples, found, known }
        } catch (error) {
          if (!(error instanceof UnreadableExample)) throw error
          const news = error.unreadable.filter(({ place }) => places.includes(place))
          // Places of another data set, say: asking again would get the same answer.
          if (news.length === 0) throw error
          found.push(...news)
          known = new Map([...known, ...news.map(one => [one.place, one] as const)])
          checkFew(reader, known)
        }
      }
    }
  }
}

function chosen({ name }: Pick<Dataset, 'name'>, stretch: Stretch, known: Known): Chosen {
  const choice = withStandIns(stretch, place => known.has(place))
  if (choice !== undefined) return choice
  const what = stretch.tuple === 1 ? 'an example that can' : `${stretch.tuple} examples in a row that all can`
  throw new Error(`loader: expected ${what} be read in ${name}, got none: ${names(known)}. ${remedy}`)
}

const same = (a: Uint32Array, b: Uint32Array): boolean => a.length === b.length && a.every((place, i) => place === b[i])

/**
 * A few damaged files are an accident, more are a data set that is not what it should be.
 *
 * @throws Error if more than one in a hundred cannot be read
 */
export function checkFew({ name, size }: Pick<Dataset, 'name' | 'size'>, known: Known): void {
  if (known.size <= size / 100) return
  throw new Error(
    `loader: expected at most one in a hundred of the ${size} examples of ${name} to be unreadable, ` +
      `got ${known.size}: ${names(known)}. ${remedy}`
  )
}

const remedy = 'Put good copies in their place and go on, or remove them and begin anew.'

/** The first few, those with a reason before others. */
function names(known: Known): string {
  const told = [...known].sort(([, a], [, b]) => Number(a === undefined) - Number(b === undefined)).slice(0, 3)
  const words = told.map(([place, one]) => (one === undefined ? `number ${place}` : `${one.example} (${one.reason})`))
  return words.join(', ') + (known.size > told.length ? ` and ${known.size - told.length} more` : '')
}
