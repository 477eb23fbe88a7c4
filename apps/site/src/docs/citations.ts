/** Where an export comes from. */
export interface Citation {
  /** `Chen et al. 2020`. */
  readonly paper: string
  /** `eq. 1`, where the doc comment says which part. */
  readonly part: string
  readonly link?: string | undefined
}

// Authors and year: "Chen et al. 2020", "Wang & Isola 2020", "van den Oord et al. 2018", "Langford 2005".
const author = String.raw`(?:(?:van|den|de|von) )*\p{Lu}[\p{L}'-]+`
const paper = new RegExp(String.raw`(${author}(?: et al\.| (?:&|and) ${author})? (?:19|20)\d\d)(?!\d)`, 'u')
const places = [
  String.raw`eqs?\. \d[\w.]*(?:(?:, | and | to )\d[\w.]*)*`,
  String.raw`sections? [\dA-Z][\d.]*(?:(?:, | and | to )[\d.]+)*`,
  String.raw`algorithms? \d+(?:(?: and )\d+)*`,
  String.raw`theorem [\d.]*\d`,
  String.raw`figure \d+`,
  String.raw`table \d+`,
  String.raw`(?:appendix|appendices) [A-Z][\d.]*\d?(?: and [A-Z][\d.]*\d)?`
]
const part = new RegExp(String.raw`\b(?:${places.join('|')})`, 'g')

/**
 * The papers that a doc comment cites, with the parts and the link that follow each name.
 *
 * @param text a doc comment, with its `@see`
 */
export function citationsOf(text: string): readonly Citation[] {
  const pieces = text.replaceAll(/\s+/g, ' ').split(paper)
  const found: Citation[] = []
  for (let i = 1; i < pieces.length; i += 2) {
    // A link belongs to the name before it; what follows the link is about something else.
    const said = pieces[i + 1]!
    const link = /https?:\/\/[^\s,;)]+/.exec(said)
    const about = link === null ? said.replace(/(?:[;)]|\.(?= [A-Z])).*/, '') : said.slice(0, link.index)
    // "Robinson et al. 2021" in running prose without a place or a link is a mention.
    const parts = about.match(part) ?? []
    if (link === null && parts.length === 0 && found.some(({ paper }) => paper === pieces[i])) continue
    found.push({
      paper: pieces[i]!,
      part: parts.join(', '),
      link: link?.[0].replace(/\.$/, '')
    })
  }
  return found
}
