import { UnreadableExample, type Dataset } from '@lapstrake/data'

/** Examples that could be read, and where they stand in their data set. */
export interface ReadableExamples {
  readonly examples: readonly unknown[]
  readonly places: readonly number[]
  /** What is wrong with each of the others. */
  readonly unreadable: readonly string[]
}

/** Reads the first examples of a data set, and leaves out those that cannot be read. */
export async function readableExamples(dataset: Dataset, count: number): Promise<ReadableExamples> {
  const unreadable: string[] = []
  let places = Array.from({ length: Math.min(count, dataset.size) }, (_, i) => i)
  while (places.length > 0) {
    try {
      return { examples: await dataset.read(places), places, unreadable }
    } catch (error) {
      if (!(error instanceof UnreadableExample)) throw error
      const left = new Set(error.unreadable.map(({ place }) => place))
      const others = places.filter(place => !left.has(place))
      if (others.length === places.length) throw error
      unreadable.push(...error.unreadable.map(({ example, reason }) => `${example}: ${reason}`))
      places = others
    }
  }
  return { examples: [], places, unreadable }
}
