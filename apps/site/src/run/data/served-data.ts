/** A data set that the site serves, and what it weighs. */
export interface ServedData {
  readonly name: string
  readonly licence: string
  readonly source: string
  /** To learn from. */
  readonly examples: number
  readonly files: readonly { readonly file: string; readonly bytes: number }[]
}

export type ServedName = 'fashion-mnist-sample' | 'fashion-mnist'

/** Where the site keeps a file of its data. */
export const addressOfData = (path: string): string => `${import.meta.env.BASE_URL}data/${path}`

/** What the site was built with; nothing where that cannot be read. */
export async function servedData(): Promise<Readonly<Partial<Record<ServedName, ServedData>>>> {
  try {
    return (await (await fetch(addressOfData('index.json'))).json()) as Partial<Record<ServedName, ServedData>>
  } catch {
    return {}
  }
}
