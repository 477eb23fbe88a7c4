/** How much was left out for one reason, and the name of the first. */
export interface Counted {
  readonly why: string
  count: number
  readonly such: string
}

/** Counts what is left out, reason by reason. */
export function leavingOut(): { readonly counts: Counted[]; readonly leave: (why: string, such: string) => void } {
  const byReason = new Map<string, Counted>()
  const counts: Counted[] = []
  return {
    counts,
    leave(why, such) {
      const known = byReason.get(why)
      if (known !== undefined) known.count++
      else {
        const counted = { why, count: 1, such }
        byReason.set(why, counted)
        counts.push(counted)
      }
    }
  }
}

/** The counts of several places as one, in words: `3 hidden, such as a/._1.png`. */
export function toldLeftOut(counts: readonly Counted[]): readonly string[] {
  const { counts: all, leave } = leavingOut()
  for (const { why, such, count } of counts) {
    leave(why, such)
    all.find(one => one.why === why)!.count += count - 1
  }
  return all.map(({ why, count, such }) => `${count} ${why}, such as ${such}`)
}

/** What systems leave in folders and archives without being asked: `.ipynb_checkpoints`, `._1.png`, `__MACOSX`. */
export const isHidden = (name: string): boolean => name.startsWith('.') || name === '__MACOSX'

/** Endings of what is decoded in Node. */
export const isImageName = (name: string): boolean => /\.(jpe?g|jpe|jfif|png|webp|gif|tiff?|avif)$/i.test(name)

/** Endings of what browsers decode. */
export const isPageImageName = (name: string): boolean => /\.(jpe?g|jpe|jfif|png|webp|gif|bmp|avif)$/i.test(name)

/** What a table of labels is called, to be found in a folder of images. */
export const isLabelTable = (name: string): boolean => /^labels\.(csv|json)$/.test(name)

/** Why something with this name, which is none that is decoded, is not taken for an image. */
export function whyNoImage(name: string): string {
  const ending = /\.[^./]+$/.exec(name)?.[0].toLowerCase()
  if (ending === undefined) return 'without an ending'
  const isPicture = /^\.(bmp|tiff?|heic|heif|jp2|jxl|psd|raw|svg|tga|ppm|pgm)$/.test(ending)
  return isPicture ? `${ending} that cannot be decoded here (save them as .png)` : ending
}
